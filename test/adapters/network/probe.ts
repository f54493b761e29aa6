/**
 * Runs createNetwork inside a network namespace made for a test: a word on standard input, a JSON line on standard output.
 * Usage: node probe.ts INTERFACE VIP
 */
import { createInterface } from 'node:readline'
import { createNetwork } from '../../../src/adapters/network/network.ts'

const [name = '', vip = ''] = process.argv.slice(2)
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)
const network = createNetwork({ interface: name, vip, log: (_, sentence) => say({ log: sentence }) })
let unwatch = () => {}

for await (const word of createInterface({ input: process.stdin })) {
  if (word === 'holds') say({ answer: network.holdsVip() })
  if (word === 'carrier') say({ answer: network.carrier() })
  if (word === 'remove')
    await network.removeVip({ timeoutMs: 2000 }).then(
      () => say({ answer: 'removed' }),
      (thrown: Error) => say({ answer: thrown.message }),
    )
  if (word === 'watch') {
    unwatch = network.watch(() => say({ hint: true }))
    say({ answer: 'watching' })
  }
  if (word === 'unwatch') {
    unwatch()
    say({ answer: 'not watching' })
  }
}
