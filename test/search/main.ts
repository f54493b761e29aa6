import { parseArgs } from 'node:util'
import { explore, sentenceOf, wayTo } from './explore.ts'
import { repaired, rest, WayHome } from './home.ts'
import { PAIRS } from './observe.ts'

const { values } = parseArgs({
  options: {
    depth: { type: 'string', default: '1' },
    rest: { type: 'string' },
    pair: { type: 'string' },
    order: { type: 'string', default: 'timely' },
    home: { type: 'boolean' }, split: { type: 'boolean', default: false },
  },
})
const depth = Number(values.depth)
for (const pair of PAIRS) {
  if (values.pair !== undefined && !pair.startsWith(values.pair)) continue
  const begun = performance.now()
  const { worlds, steps, found, nodes } = explore({
    depth,
    pair,
    restFrom: Number(values.rest ?? 99),
    afterSplit: values.split, order: values.order === 'any' ? 'any' : 'timely',
  })
  console.log(`== ${pair}: ${worlds} worlds, ${steps} steps, ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  for (const [key, { node }] of found) {
    console.log(`-- ${key} (depth ${node.depth})`)
    for (const one of wayTo(node)) console.log(`   ${one.outside ? '*' : ' '} ${sentenceOf(one)}`)
  }
  if (values.home) {
    const home = new WayHome(pair)
    const t = performance.now()
    let lost = 0
    const shown = new Set<string>()
    const ways = new Map<string, number>()
    for (const node of nodes) {
      const way = home.from(node.world)
      const text = way === null ? 'NO WAY' : way.join(' · ')
      ways.set(text, (ways.get(text) ?? 0) + 1)
      if (way?.some((one) => /force|reclone/.test(one)) && !shown.has(text)) {
        shown.add(text)
        console.log(`-- needs a decision: ${text}`)
        for (const one of wayTo(node)) console.log(`   ${one.outside ? '*' : ' '} ${sentenceOf(one)}`)
      }
      if (way === null && lost++ < 3) {
        console.log('-- no way home')
        for (const one of wayTo(node)) console.log(`   ${one.outside ? '*' : ' '} ${sentenceOf(one)}`)
        console.log(JSON.stringify(rest(repaired(node.world, pair), pair), null, 1))
      }
    }
    console.log(home.worlds, 'at rest', lost, 'lost', ((performance.now() - t) / 1000).toFixed(1))
    for (const [text, count] of [...ways].sort((a, b) => b[1] - a[1]).slice(0, 25)) console.log(count, text)
  }
}
