import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withChecks } from '../../../../src/core/doctor/reference.ts'

const PATH = join(import.meta.dirname, '../../../../docs/doctor.md')

test('the table in docs/doctor.md is what the checks say now (vitest -u renders it again)', async () => {
  await expect(withChecks(readFileSync(PATH, 'utf8'))).toMatchFileSnapshot(PATH)
})
