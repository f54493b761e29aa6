/**
 * Which configuration this machine is to have: the one that is there, or one made of flags, of what was found, and of what a
 * person answers. Invariant: what is wrong or missing is said all at once, in the words of the flags (exit 2).
 */
import { parseConfig } from '../../core/config/parse.ts'
import { findSelf } from '../../core/config/self.ts'
import type { Config } from '../../core/config.ts'
import { disagreements } from '../../core/init/agree.ts'
import type { Answers } from '../../core/init/answers.ts'
import { type Found, withDefaults } from '../../core/init/found.ts'
import { draftOf, faultsOf } from '../../core/init/toml.ts'
import type { SetupMachine } from '../../ports/setup.ts'
import { EXIT, Failure } from '../exit.ts'

export interface Decided {
  readonly config: Config
  /** null: the file that is there stays. */
  readonly toml: { readonly path: string; readonly text: string } | null
  readonly nodeFile: { readonly path: string; readonly text: string } | null
  /** The file that is there could be used, so that a supervisor may run with it. */
  readonly wasUsable: boolean
}

export interface Deciding {
  readonly machine: SetupMachine
  readonly found: Found
  readonly given: Answers
  readonly replace: boolean
  /** Asks what is open; null: nobody is there to be asked. */
  readonly interview: ((found: Found, given: Answers) => Promise<Answers>) | null
}

export async function decide(deciding: Deciding): Promise<Decided> {
  const { machine, found, given, replace } = deciding
  const present = machine.read(machine.configPath)
  const hasAnswers = Object.keys(given).length > 0
  const self = { hostname: found.hostname, nodeFile: given.node ?? found.nodeFile }
  let wasUsable = false
  if (present !== null) {
    const parsed = parseConfig(present.text, self)
    wasUsable = parsed.ok
    if (parsed.ok) {
      const differing = disagreements(machine.configPath, parsed.config, given)
      if (differing.length === 0)
        return { config: parsed.config, toml: null, nodeFile: nodeFileOf(machine, found, parsed.config), wasUsable }
      if (!replace) throw new Failure(EXIT.usage, list('the flags and the file disagree', differing, AGREE))
    } else if (!replace || !hasAnswers) {
      const faults = parsed.problems.map(
        ({ line, key, message }) => `line ${line}  ${key === '' ? '' : `${key}: `}${message}`,
      )
      throw new Failure(EXIT.usage, list(`${machine.configPath} cannot be used`, faults, AGREE))
    }
  }
  const answers =
    deciding.interview === null
      ? withDefaults(found, await withPeerAddress(machine, given))
      : await deciding.interview(found, given)
  const draft = draftOf(answers)
  const parsed = parseConfig(draft.text, { hostname: found.hostname, nodeFile: answers.node ?? found.nodeFile })
  if (!parsed.ok) {
    const faults = faultsOf(draft, parsed.problems).map((fault) =>
      /^--(interface|address):/.test(fault) ? `${fault} (this machine has ${cards(found)})` : fault,
    )
    throw new Failure(EXIT.usage, list('answers are missing or wrong', faults, 'on a terminal, apmode init asks'))
  }
  const toml = { path: machine.configPath, text: draft.text }
  return { config: parsed.config, toml, nodeFile: nodeFileOf(machine, found, parsed.config), wasUsable }
}

const AGREE = 'edit the file and run apmode init again, or add --replace to write it anew (a copy is kept)'

export function list(what: string, lines: readonly string[], end: string): string {
  return [
    `cannot set up this machine: ${what}`,
    ...lines.map((line) => `  ${line}`),
    `nothing was changed; ${end}`,
  ].join('\n')
}

const cards = ({ interfaces }: Found) =>
  interfaces
    .map(
      ({ name, addresses }) => `${name} ${addresses.map(({ address }) => address).join(' ') || 'without an address'}`,
    )
    .join(', ') || 'no interface'

export async function withPeerAddress(machine: SetupMachine, answers: Answers): Promise<Answers> {
  if (answers.peer === undefined || answers.peerAddress !== undefined) return answers
  const address = await machine.addressOf(answers.peer)
  return address === null ? answers : { ...answers, peerAddress: address }
}

/** Needed where neither the host name nor the file that is there says which machine this is. */
function nodeFileOf({ nodePath }: SetupMachine, found: Found, config: Config): Decided['nodeFile'] {
  const known = findSelf(config.nodes, found)
  return known.ok && known.node.name === config.node.name ? null : { path: nodePath, text: `${config.node.name}\n` }
}
