/** The options of `npm run bench:failover`: what is wrong with them is a sentence. Pure. */
import { parseArgs } from 'node:util'
import { messageOf } from '../../src/core/errors.ts'
import { TOPOLOGIES } from '../topologies/all.ts'
import type { Topology } from '../topologies/topology.ts'
import { ORIGINAL, TUNED } from './bash-design.ts'
import type { Design } from './design.ts'
import { FAULTS } from './faults.ts'
import { PRODUCT } from './product.ts'

export const USAGE = `Usage: npm run bench:failover -- [OPTION]…

  --runs N          runs of each fault by each design (10)
  --quick           2 runs of each for the product, 1 for the bash designs
  --faults a,b      only these: ${FAULTS.map(({ key }) => key).join(', ')}
  --designs a,b     only these: product, original, tuned
  --patience S      seconds until a service that does not come back counts as "never" (20)
  --topology T      instead of the MariaDB pair (pair, the default), the product alone:
${TOPOLOGIES.map(({ key, title, faults }) => `                    ${key.padEnd(8)} ${title}: ${faults.map((fault) => fault.key).join(', ')}`).join('\n')}
  --append          add the runs to the newest saved result
  --report          no runs: print the newest saved result
  --write-docs      write docs/failover-times.svg and the table in docs/failover.md
`
const ALL: readonly Design[] = [PRODUCT, ORIGINAL, TUNED]

export interface Options {
  /** null: the MariaDB pair. */
  readonly topology: Topology | null
  /** Keys; empty: all of the topology. */
  readonly topologyFaults: readonly string[]
  readonly designs: readonly Design[]
  readonly faults: typeof FAULTS
  readonly runsOf: (design: Design) => number
  readonly patienceMs: number
  readonly append: boolean
  readonly report: boolean
  readonly writeDocs: boolean
  readonly help: boolean
}

/** A sentence when they are wrong. */
export function optionsFrom(argv: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        runs: { type: 'string', default: '10' },
        quick: { type: 'boolean', default: false },
        faults: { type: 'string' },
        designs: { type: 'string' },
        patience: { type: 'string' },
        topology: { type: 'string', default: 'pair' },
        append: { type: 'boolean', default: false },
        report: { type: 'boolean', default: false },
        'write-docs': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    const runs = whole('--runs', values.runs)
    const patienceMs = whole('--patience', values.patience ?? '20') * 1000
    const [topology] = values.topology === 'pair' ? [] : chosen('--topology', TOPOLOGIES, values.topology)
    if (topology !== undefined && (values.designs ?? values.patience ?? (values.append || undefined)) !== undefined)
      return '--designs, --patience and --append are for the MariaDB pair'
    return {
      topology: topology ?? null,
      topologyFaults: topology === undefined ? [] : chosen('--faults', topology.faults, values.faults).map(keyOf),
      designs: chosen('--designs', ALL, values.designs),
      faults: topology === undefined ? chosen('--faults', FAULTS, values.faults) : FAULTS,
      runsOf: (design) => (values.quick ? (design.key === 'product' ? 2 : 1) : runs),
      patienceMs,
      append: values.append,
      report: values.report,
      writeDocs: values['write-docs'],
      help: values.help,
    }
  } catch (thrown) {
    return messageOf(thrown)
  }
}

const keyOf = ({ key }: { readonly key: string }) => key

function whole(option: string, text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1) throw new Error(`${option} is a whole number above 0, not "${text}"`)
  return number
}

/** In the order of `all`, each once. */
function chosen<T extends { readonly key: string }>(
  option: string,
  all: readonly T[],
  text: string | undefined,
): readonly T[] {
  if (text === undefined) return all
  const keys = text.split(',')
  const unknown = keys.filter((key) => !all.some((item) => item.key === key))
  if (unknown.length > 0) {
    throw new Error(`${option}: there is no ${unknown.join(', ')}; there are ${all.map(({ key }) => key).join(', ')}`)
  }
  return all.filter(({ key }) => keys.includes(key))
}
