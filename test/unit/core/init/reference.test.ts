import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withFlags } from '../../../../src/core/init/reference.ts'

test('docs/install.md has every question and its flag', () => {
  const document = readFileSync(join(import.meta.dirname, '../../../../docs/install.md'), 'utf8')
  expect(withFlags(document)).toBe(document)
})
