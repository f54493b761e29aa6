/**
 * The bash design of bench/original on two machines: as it is, and tuned.
 * Invariant: on the machines are the committed files, with nothing changed but the @WORDS@; after each fault both
 * databases go back to the same empty beginning, and host1 is the holder again.
 */
import { readFile } from 'node:fs/promises'
import { messageOf } from '../../src/core/errors.ts'
import { run } from '../../test/pair/lab/command.ts'
import { VIP } from '../../test/pair/lab/network.ts'
import type { LabNode } from '../../test/pair/lab/node.ts'
import { type Pair, startPair } from '../../test/pair/lab/pair.ts'
import { waitFor } from '../../test/pair/lab/wait.ts'
import { installBreakableApi } from './breakable-api.ts'
import { mountDataDisk } from './data-disk.ts'
import type { BenchPair, Design } from './design.ts'

type Place = readonly [file: string, path: string, mode?: number]

const SCRIPTS = ['check.sh', 'set-mode.sh', 'start.sh', 'notify-master.sh', 'notify-backup.sh', 'notify-fault.sh']
const script = (file: string): Place => [file, `/opt/ap/${file.split('/').at(-1)}`, 0o755]

const ORIGINAL_FILES: readonly Place[] = [
  ...SCRIPTS.map(script),
  ['ap.conf', '/opt/ap/ap.conf'],
  ['ap.service', '/usr/local/lib/systemd/system/ap.service'],
  ['keepalived.conf', '/etc/keepalived/keepalived.conf'],
  ['mariadb.cnf', '/etc/mysql/mariadb.conf.d/90-ap.cnf'],
  ...['lab/quiesce.sh', 'lab/start.sh', 'lab/account.sh'].map((file): Place => [file, `/opt/${file}`, 0o755]),
]

/** Written after, and over, the original's. */
const TUNED_FILES: readonly Place[] = [
  ...['check.sh', 'set-mode.sh', 'fence.sh', 'notify-backup.sh', 'notify-fault.sh', 'notify-stop.sh'].map((file) =>
    script(`tuned/${file}`),
  ),
  ['tuned/keepalived.conf', '/etc/keepalived/keepalived.conf'],
  ['tuned/mariadb-unfit.conf', '/etc/systemd/system/mariadb.service.d/unfit.conf'],
  ['tuned/api-unfit.conf', '/etc/systemd/system/api.service.d/unfit.conf'],
  ['tuned/tmpfiles.conf', '/etc/tmpfiles.d/ap.conf'],
]

export const ORIGINAL: Design = {
  key: 'original',
  title: 'the original design',
  // It never asks a question that could be left unanswered.
  looksEveryMs: { network: 1000, dead: 10_000, hung: 1000 },
  start: (progress) => start(ORIGINAL_FILES, progress),
}

export const TUNED: Design = {
  key: 'tuned',
  title: 'the original design, tuned',
  looksEveryMs: { network: 100, dead: 100, hung: 1000 },
  start: (progress) => start([...ORIGINAL_FILES, ...TUNED_FILES], progress),
}

/** The original on machines whose databases have all the room there is. */
export async function startOriginalPair(progress: (sentence: string) => void): Promise<Pair> {
  return (await start(ORIGINAL_FILES, progress, async () => {})).pair
}

async function start(
  files: readonly Place[],
  progress: (sentence: string) => void,
  disk: (node: LabNode) => Promise<unknown> = mountDataDisk,
): Promise<BenchPair> {
  const pair = await startPair({
    progress,
    async provision(node) {
      await installBreakableApi(node)
      for (const place of files) await install(node, place)
      await run(['chroot', node.root, 'systemctl', 'disable', 'mariadb', 'keepalived'], { timeoutMs: 10_000 })
      await disk(node)
    },
  })
  const whole = benchPair(pair)
  try {
    progress('both databases at their beginning, keepalived …')
    await Promise.all(pair.nodes.map((node) => node.shell('/opt/lab/account.sh', { timeoutMs: 30_000 })))
    await reset(pair)
    return whole
  } catch (thrown) {
    await pair.stop()
    throw thrown
  }
}

async function install(node: LabNode, [file, path, mode]: Place): Promise<void> {
  const text = await readFile(new URL(`../original/${file}`, import.meta.url), 'utf8')
  await node.writeFile(path, withWords(text, node), mode)
}

function withWords(text: string, node: LabNode): string {
  const first = node.name === 'host1'
  const words: Record<string, string> = {
    NAME: node.name,
    ADDRESS: node.address,
    INTERFACE: node.interface,
    VIP,
    PEER: node.address.replace(/\d$/, first ? '2' : '1'),
    ROLE: first ? 'active' : 'standby',
    SERVER_ID: first ? '1' : '2',
    PRIORITY: first ? '101' : '100',
    TUNED_PRIORITY: first ? '251' : '250',
  }
  return text.replace(/@([A-Z_]+)@/g, (whole, word: string) => words[word] ?? whole)
}

function benchPair(pair: Pair): BenchPair {
  return {
    pair,
    holder: async () => pair.node('host1'),
    async makeWhole(_struck, _fault, moved) {
      // Where nothing moved, mending the cause may have been enough.
      if (!moved && (await isWhole(pair))) return
      await reset(pair)
    },
    stop: () => pair.stop(),
  }
}

async function reset(pair: Pair): Promise<void> {
  for (const step of ['quiesce', 'start']) {
    await Promise.all(pair.nodes.map((node) => node.shell(`/opt/lab/${step}.sh`, { timeoutMs: 40_000 })))
  }
  try {
    const [first, second] = [pair.node('host1'), pair.node('host2')]
    await first.shell('systemctl start keepalived')
    // Only then the other: which of two that begin at once becomes MASTER is a matter of milliseconds.
    await waitFor(() => holdsVip(first), { patienceMs: 15_000, reason: `the VIP on ${first.name}`, everyMs: 50 })
    await second.shell('systemctl start keepalived')
    await waitFor(() => isWhole(pair), { patienceMs: 15_000, reason: 'a whole pair', everyMs: 100 })
  } catch (cause) {
    const stories = await Promise.all(pair.nodes.map(async (node) => `── ${node.name}\n${await node.journal(25)}`))
    throw new Error(`${messageOf(cause)}\n${stories.join('\n')}`, { cause })
  }
}

async function holdsVip(node: LabNode): Promise<boolean> {
  return (await node.exec(['ip', '-4', '-brief', 'address'])).stdout.includes(`${VIP}/`)
}

async function isWhole(pair: Pair): Promise<boolean> {
  const mode = '[ "$(cat /opt/ap-mode)" = ap ]; systemctl is-active -q keepalived; systemctl is-active -q api'
  const answers = 'curl -fsS -m 1 -o /dev/null http://127.0.0.1:8080/'
  const sql = (text: string) => `timeout 1 mariadb -N -e "${text}"`
  const leads = `ip -4 -brief address | grep -qF ${VIP}/; [ "$(${sql('SELECT @@read_only')})" = 0 ]`
  const follows = `[ "$(${sql('SELECT @@read_only')})" = 1 ]
    [ "$(${sql('SHOW SLAVE STATUS\\G')} | grep -cx Yes)" = 2 ]`
  const scripts = [`${mode}; ${answers}; ${leads}`, `${mode}; ${answers}; ${follows}`]
  const results = await Promise.all(
    pair.nodes.map((node, index) => node.exec(['sh', '-euc', scripts[index] ?? 'false'], { timeoutMs: 5000 })),
  )
  return results.every((result) => result.code === 0)
}
