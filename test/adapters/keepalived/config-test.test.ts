/** What `apmode render keepalived` writes is accepted by the real keepalived (`keepalived -t`); it is never started here. */
import { execFile } from 'node:child_process'
import { accessSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { renderKeepalived } from '../../../src/core/render/keepalived.ts'
import { configOf, EXAMPLE } from '../../unit/core/config/example.ts'

const KEEPALIVED = '/usr/sbin/keepalived'
const run = promisify(execFile)

function isInstalled(): boolean {
  try {
    accessSync(KEEPALIVED)
    return true
  } catch {
    return false
  }
}

/** Exit code and what keepalived says. The script must exist to be accepted, so one that always does stands in for ours. */
async function verdict(path: string, text: string): Promise<string> {
  writeFileSync(path, text.replace('"/usr/bin/apmode check"', '"/bin/true"'), { mode: 0o644 })
  try {
    const { stderr } = await run(KEEPALIVED, ['-t', '-f', path], { timeout: 10_000 })
    return `0 ${stderr}`.trim()
  } catch (thrown) {
    const { code, stderr } = thrown as { code?: unknown; stderr?: unknown }
    return `${String(code)} ${String(stderr)}`.trim()
  }
}

describe.skipIf(!isInstalled())('keepalived -t', () => {
  let folder: string
  let path: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'apmode-keepalived-'))
    path = join(folder, 'keepalived.conf')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const v6 = EXAMPLE.replaceAll('192.168.33.', 'fd00::').replace('/24', '/64')
  const alone = EXAMPLE.replace(/\[\[node\]\]\nname = "host2"[^[]*/, '')
  const cases = Object.entries({ IPv4: EXAMPLE, IPv6: v6, 'one machine': alone }).flatMap(([name, text]) => {
    const config = configOf(text)
    return config.nodes.map((node) => ({ name, node: node.name, text: renderKeepalived(config, node) }))
  })

  test.each(cases)('accepts what is rendered for $node ($name) without a word', async ({ text }) => {
    expect(await verdict(path, text)).toBe('0')
  })

  test('does refuse: a word that it does not know is an error', async () => {
    const config = configOf(EXAMPLE)
    const text = renderKeepalived(config, config.node).replace('    nopreempt\n', '    nopreemptt\n')
    expect(await verdict(path, text)).toMatch(/^[1-9]\d* .*Unknown keyword 'nopreemptt'/s)
  })
})
