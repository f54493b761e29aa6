import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseConfig } from '../../../../src/core/config/parse.ts'
import { referenceMarkdown, withReference } from '../../../../src/core/config/reference.ts'
import { SECTIONS } from '../../../../src/core/config/schema.ts'

const PATH = join(import.meta.dirname, '../../../../docs/configuration.md')

test('the reference in docs/configuration.md is what the schema says now (vitest -u renders it again)', async () => {
  await expect(withReference(readFileSync(PATH, 'utf8'))).toMatchFileSnapshot(PATH)
})

test('the reference has a row for every key', () => {
  const keys = SECTIONS.flatMap(({ shape }) => Object.keys(shape))
  const rows = referenceMarkdown()
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  expect(rows.map((line) => line.split('`')[1])).toEqual(keys)
})

test('the example in docs/configuration.md is complete', () => {
  const [, toml = ''] = readFileSync(PATH, 'utf8').split('```toml\n')
  const result = parseConfig(toml.split('```')[0] ?? '', { hostname: 'host2', nodeFile: null })
  expect(result).toMatchObject({ ok: true })
})
