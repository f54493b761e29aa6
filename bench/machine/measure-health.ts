/**
 * What a load balancer waits for: `GET /primary` on the read-only port, each on a connection of its own, asked on the holder
 * itself under the Node that the package brings. From memory, so no look at anything is in it.
 */
import { NODE } from './guest.ts'
import { ms, spreadOf } from './numbers.ts'
import type { Measurement } from './result.ts'

const AIM_MS = 5
/** Below what the flood gate lets in (50 in 250 ms). */
const PAUSE_MS = 20
const WARM_UP = 10

/** Stands alone: it runs in the machine. Prints the milliseconds of each answer as JSON. */
const ASK = `
const { get } = require('node:http')
const [path, rounds] = process.argv.slice(1)
const once = () => new Promise((resolve, reject) => {
  const begun = performance.now()
  get({ host: '127.0.0.1', port: 8008, path, agent: false }, (response) => {
    response.resume().on('end', () => resolve(performance.now() - begun))
  }).on('error', reject)
})
const pause = () => new Promise((resolve) => setTimeout(resolve, ${PAUSE_MS}))
void (async () => {
  const times = []
  for (let round = -${WARM_UP}; round < Number(rounds); round += 1) {
    const ms = await once()
    if (round >= 0) times.push(ms)
    await pause()
  }
  console.log(JSON.stringify(times))
})()`

export const measureHealth: Measurement = async ({ pair, runs, say }) => {
  const rounds = runs * 10
  const measured: Record<string, number[]> = {}
  for (const path of ['/primary', '/metrics']) {
    const said = await pair.host1.must([NODE, '-e', ASK, path, String(rounds)], { timeoutMs: 60_000 })
    measured[path] = JSON.parse(said) as number[]
    say(`${path}: ${rounds} answers`)
  }
  const row = (path: string) => {
    const spread = spreadOf(measured[path] ?? [])
    return {
      what: `health answer: \`GET ${path}\`, with its connection`,
      value: ms(spread),
      aim: `median < ${AIM_MS} ms`,
      met: spread.median < AIM_MS,
    }
  }
  return { rows: [row('/primary'), row('/metrics')], explanations: [], raw: measured }
}
