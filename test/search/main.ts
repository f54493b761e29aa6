import { parseArgs } from 'node:util'
import { explore, sentenceOf, wayTo } from './explore.ts'
import { PAIRS } from './observe.ts'

const { values } = parseArgs({
  options: {
    depth: { type: 'string', default: '1' },
    rest: { type: 'string' },
    pair: { type: 'string' },
    order: { type: 'string', default: 'timely' },
  },
})
const depth = Number(values.depth)
for (const pair of PAIRS) {
  if (values.pair !== undefined && !pair.startsWith(values.pair)) continue
  const begun = performance.now()
  const { worlds, steps, found } = explore({
    depth,
    pair,
    restFrom: Number(values.rest ?? 99),
    order: values.order === 'any' ? 'any' : 'timely',
  })
  console.log(`== ${pair}: ${worlds} worlds, ${steps} steps, ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  for (const [key, { node }] of found) {
    console.log(`-- ${key} (depth ${node.depth})`)
    for (const one of wayTo(node)) console.log(`   ${one.outside ? '*' : ' '} ${sentenceOf(one)}`)
  }
}
