/**
 * docs/coming-from-bash.md, "Moving a pair over", typed line by line on a real pair of the bash design, with data in it: in the
 * end it is a whole pair of apmode, the active machine is the same, and every row is on both.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startOriginalPair } from '../../bench/failover/bash-design.ts'
import { makePackage } from '../../scripts/package.ts'
import type { Status } from '../../src/ports/control.ts'
import { CONFIG, LAB_SECRET } from './apmode-pair.ts'
import type { LabNode } from './lab/node.ts'
import type { Pair } from './lab/pair.ts'
import { whyNoLab } from './lab/requirements.ts'
import { waitFor } from './lab/wait.ts'

const DOCUMENT = readFileSync(join(import.meta.dirname, '../../docs/coming-from-bash.md'), 'utf8')

/** `# host2, host1: …` says on which machines, and in which order, the lines below it are typed. */
function stepsOf(document: string): { hosts: string[]; lines: string[] }[] {
  const [, block = ''] = /<!-- typed by a test[^\n]*\n```sh\n([\s\S]*?)```/.exec(document) ?? []
  return block.split(/^# /m).flatMap((part) => {
    const [head = '', ...lines] = part.trim().split('\n')
    const hosts = head.split(':')[0]?.split(', ') ?? []
    return lines.length === 0 ? [] : [{ hosts, lines }]
  })
}

describe.skipIf(whyNoLab() !== null)('a pair of the bash ap-mode', () => {
  let pair: Pair
  let deb = ''
  const rows = async (node: LabNode) =>
    (await node.must(['mariadb', 'app', '-BNe', 'SELECT n FROM entry ORDER BY n'])).trim()
  const status = async (node: LabNode): Promise<Status> => JSON.parse(await node.must(['apmode', 'status', '--json']))

  beforeAll(async () => {
    deb = process.env.APMODE_DEB ?? (await makePackage())
    pair = await startOriginalPair((sentence) => process.stderr.write(`${sentence}\n`))
    for (const node of pair.nodes) {
      await node.writeFile('/etc/apmode/apmode.toml', CONFIG)
      await node.writeFile('/etc/apmode/replication.password', `${LAB_SECRET}\n`, 0o600)
    }
    const [first] = pair.nodes
    await first?.must(['mariadb', 'app', '-e', 'INSERT INTO entry (n) VALUES (1), (2)'])
  })
  afterAll(async () => {
    await pair?.stop()
  })

  test('moves over by what its page says, with the same active machine and every row on both', async () => {
    const steps = stepsOf(DOCUMENT)
    expect(steps.length).toBeGreaterThan(3)
    for (const { hosts, lines } of steps) {
      for (const host of hosts) {
        const node = pair.node(host)
        for (const line of lines) {
          if (line.startsWith('apt install ./apmode_')) await node.installPackage(deb)
          else await node.shell(line, { timeoutMs: 120_000 })
        }
      }
    }
    const [host1, host2] = [pair.node('host1'), pair.node('host2')]
    await waitFor(async () => (await status(host1)).commitsWithPeer === true, {
      patienceMs: 30_000,
      reason: 'host1 commits with host2',
    })
    expect(await status(host1)).toMatchObject({ mode: 'ap', role: 'active', holder: true, writable: true, next: null })
    expect(await status(host2)).toMatchObject({ mode: 'ap', role: 'standby', writable: false, fit: true, next: null })
    await host1.must(['mariadb', 'app', '-e', 'INSERT INTO entry (n) VALUES (3)'])
    await waitFor(async () => (await rows(host2)) === '1\n2\n3', { patienceMs: 10_000, reason: 'host2 has every row' })
    // The boot unit is the package's now.
    const unit = await host1.must(['systemctl', 'show', '-P', 'FragmentPath', 'ap.service'])
    expect(unit.trim()).toMatch(/^(\/usr)?\/lib\/systemd\/system\/ap\.service$/)
  })
})
