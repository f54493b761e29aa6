/**
 * Runs createWitness inside a network namespace made for a test: a word on standard input, a JSON line on standard output.
 * Usage: node witness-probe.ts PROGRAM ADDRESS...
 */
import { createInterface } from 'node:readline'
import { createWitness } from '../../../src/adapters/network/witness.ts'

const [program = '', ...addresses] = process.argv.slice(2)
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)
const witness = createWitness({ addresses, program, log: (_, sentence) => say({ log: sentence }) })
witness.onChange(() => say({ changed: witness.seen() }))
witness.open()

for await (const word of createInterface({ input: process.stdin })) {
  if (word === 'seen') say({ answer: witness.seen() })
  if (word === 'known') {
    await witness.known()
    say({ answer: witness.seen() })
  }
  if (word === 'problem') say({ answer: witness.problem() })
  if (word === 'close') {
    witness.close()
    say({ answer: 'closed' })
  }
  if (word === 'open') {
    witness.open()
    say({ answer: 'opened' })
  }
}
