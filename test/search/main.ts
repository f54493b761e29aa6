/**
 * Searches two machines exhaustively and prints what can go wrong.
 * Usage: sh scripts/run test/search/main.ts [--depth EVENTS] [--pair 'with a witness'] [--write-docs]
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DEPTH, sectionOf, written } from './document.ts'
import { sentenceOf, wayTo } from './explore.ts'
import { PAIRS } from './observe.ts'
import { search } from './search.ts'

const { values } = parseArgs({
  options: {
    depth: { type: 'string', default: String(DEPTH) },
    pair: { type: 'string' },
    'write-docs': { type: 'boolean', default: false },
  },
})

const answers = PAIRS.filter((pair) => values.pair === undefined || pair === values.pair).map((pair) => {
  const begun = performance.now()
  const answer = search(pair, Number(values.depth))
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  console.error(`${pair}: ${answer.worlds} worlds, ${answer.asked} ways home, ${seconds} s`)
  for (const node of answer.deadEnds.slice(0, 3)) {
    console.error(`no way home from: ${wayTo(node).map(sentenceOf).join('; ')}`)
  }
  return answer
})

if (values['write-docs']) {
  const document = join(import.meta.dirname, '../../docs/limits.md')
  writeFileSync(document, written(readFileSync(document, 'utf8'), answers))
} else {
  console.log(answers.map(sectionOf).join('\n'))
}
