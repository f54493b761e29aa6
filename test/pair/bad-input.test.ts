/**
 * Bad input, on a pair that works: each ends in a clear message and a machine that still stands. After every test the
 * same supervisor runs on both machines, the holder is writable with the VIP, the standby follows, and no machine has
 * been promoted (apmode.lead), unless the input itself asks for it.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { HistoryEntry } from '../../src/ports/storage.ts'
import { type ApmodePair, CONFIG, healthy, type Machine, startApmodePair } from './apmode-pair.ts'
import type { CommandResult } from './lab/command.ts'
import { whyNoLab } from './lab/requirements.ts'
import { startSampler } from './lab/sampler.ts'
import { waitFor } from './lab/wait.ts'

const obstacle = whyNoLab()

/** Looks often, so that the tests need not wait long for what is found at the next look. */
const DRIFT_SECONDS = 2
const CONFIGURATION = `drift_interval = ${DRIFT_SECONDS}\n${CONFIG}`

const TEN_FAULTS = `codename = 7
mode_file = "relative"
colour = "blue"

[[node]]
name = "host1"
address = "192.168.33.1010"
interface = "eth0"
role = "active"

[[node]]
name = "host2"
address = "192.168.33.102"
interface = "eth0"
role = "active"

[vrrp]
vip = "192.168.33.100"
virtual_router_id = 500

[[unit]]
name = "mariadb"
kind = "database"
[[unit]]
name = "keepalived.service"
kind = "rooter"

[database]
replication_password_file = "/etc/apmode/replication.password"
socket = 3

[health]
listen = "nowhere"
`
const FAULTY_LINES = [1, 2, 3, 7, 15, 18, 19, 22, 26, 30, 33]

describe.skipIf(obstacle !== null)('bad input', () => {
  let pair: ApmodePair
  let holder: Machine
  let standby: Machine
  let before: { readonly pids: string[]; readonly epoch: number | undefined }

  const pids = () => Promise.all([holder, standby].map((machine) => machine.must(SHOW_PID)))
  const stand = async () => {
    before = { pids: await pids(), epoch: (await holder.status()).lead?.epoch }
  }

  beforeAll(async () => {
    pair = await startApmodePair({
      config: CONFIGURATION,
      progress: (sentence) => process.stderr.write(`${sentence}\n`),
    })
    holder = pair.host1
    standby = pair.host2
  })
  afterAll(async () => {
    await pair?.stop()
  })
  beforeEach(stand)
  afterEach(async () => {
    await healthy(holder, standby)
    const [serving, following] = await Promise.all([holder.status(), standby.status()])
    expect(serving).toMatchObject({ mode: 'ap', being: null, role: 'active', holder: true, writable: true, fit: true })
    expect(following).toMatchObject({ mode: 'ap', being: null, role: 'standby', holder: false, writable: false })
    expect(serving.lead?.epoch).toBe(before.epoch)
    expect(await pids()).toEqual(before.pids)
  })

  /** Makes them a pair again, with `holder` serving, after an input that took a machine out. */
  const again = async (machine: Machine) => {
    expect(await machine.apmode('set ap --now', { timeoutMs: 60_000 })).toMatchObject({ code: 0 })
  }

  describe('the configuration', () => {
    const place = (text: string) => holder.writeFile('/etc/apmode/apmode.toml', text)
    afterEach(() => place(CONFIGURATION))

    test('with many faults: all of them at once, each with its line, exit 2', async () => {
      await holder.writeFile('/root/faulty.toml', TEN_FAULTS)
      const check = await holder.apmode('config check /root/faulty.toml')
      expect(check).toMatchObject({ code: 2, stdout: '' })
      expect(
        [...check.stderr.matchAll(/^ {2}line (\d+) +\S+: found .+, expected .+$/gm)].map(([, line]) => line),
      ).toEqual(FAULTY_LINES.map(String))
      const { code, stdout } = await holder.apmode('config check /root/faulty.toml --json')
      const found: { ok: boolean; problems: { line: number }[] } = JSON.parse(stdout)
      expect([code, found.ok, found.problems.map(({ line }) => line)]).toEqual([2, false, FAULTY_LINES])
      expect((await holder.apmode('config check /nonexistent')).stderr).toMatch(/found no such file/)
      expect(await holder.apmode('config check')).toMatchObject({ code: 0 })
    })

    test('at a reload: the old one stays, and the log says why', async () => {
      await place(TEN_FAULTS)
      await holder.must(['systemctl', 'reload', 'apmode'])
      await logged(holder, /the old configuration stays, the new one cannot be used/)
      await logged(holder, /line 33 +health\.listen: found \\"nowhere\\"/)
      expect(await holder.apmode('check router api database nic')).toMatchObject({ code: 0 })
    })

    test('at a start: every request gets the faults and exit 2, nothing moves, and mending the file is enough', async () => {
      const sampler = startSampler(pair)
      await waitFor(() => sampler.now('vip').length > 0, { patienceMs: 5_000, reason: 'a first sample' })
      await place(TEN_FAULTS)
      await holder.must(['systemctl', 'restart', 'apmode'])
      for (const words of ['status', 'set m', 'set ap --now', 'start', 'stop', 'plan set m', 'history', 'check api']) {
        const answer = await holder.apmode(words)
        expect(answer, words).toMatchObject({ code: 2, stdout: '' })
        expect(answer.stderr, words).toMatch(/line 33 +health\.listen: found "nowhere"/)
      }
      // The mode is in its file, and keepalived must not take the VIP away for this.
      expect(await holder.apmode('mode')).toMatchObject({ code: 0, stdout: 'ap\n' })
      expect(await holder.apmode('check')).toMatchObject({ code: 0 })
      expect(await holder.apmode('notify master')).toMatchObject({ code: 0 })
      expect((await holder.must(['systemctl', 'is-active', 'apmode'])).trim()).toBe('active')

      await place(CONFIGURATION)
      await waitFor(async () => (await holder.status()).writable, {
        patienceMs: 10_000,
        reason: 'the mended file read',
      })
      before = { ...before, pids: await pids() }
      await sampler.stop()
      // A database that says nothing for a moment, under load, has not moved.
      for (const changes of [sampler.vip, sampler.writable]) {
        const told = (node: Machine) =>
          new Set(
            changes.filter((change) => change.node === node.name && change.value !== null).map(({ value }) => value),
          )
        expect([told(holder), told(standby)]).toEqual([new Set([true]), new Set([false])])
      }
    })

    test('a password file that others can read is refused, and the running supervisor goes on', async () => {
      await holder.must(['chmod', '0644', PASSWORD])
      const check = await holder.apmode('config check')
      expect(check.code).toBe(2)
      expect(check.stderr).toMatch(/replication_password_file: found mode 0644 .*, expected 0600/)
      expect(check.stderr).not.toContain('a secret of the lab')
      await holder.must(['systemctl', 'reload', 'apmode'])
      await logged(holder, /the old configuration stays.*1 fault/)
      await holder.must(['chmod', '0600', PASSWORD])
    })
  })

  describe('the mode file', () => {
    const READ_ONLY_UNFIT = { mode: 'unreadable', writable: false, fit: false, holder: false }

    test.each([
      ['empty', ': > /opt/ap-mode', /is empty, expected ap, m or s/],
      ['garbage', 'echo garbage > /opt/ap-mode', /holds "garbage", expected ap, m or s/],
      ['a mode in capitals', 'echo AP > /opt/ap-mode', /holds "AP", expected/],
      ['binary', 'head -c 40 /dev/urandom > /opt/ap-mode', /the mode file \/opt\/ap-mode holds ".*", expected/],
      ['very long', 'head -c 100000 /dev/zero > /opt/ap-mode', /is longer than 64 bytes/],
      ['a folder', 'rm /opt/ap-mode; mkdir /opt/ap-mode', /it is a folder/],
      ['unreadable', 'ln -sfn ap-mode /opt/ap-mode', /symbolic links go round in a circle/],
      ['a FIFO', 'rm /opt/ap-mode; mkfifo /opt/ap-mode', /it is not a regular file/],
      ['removed', 'rm /opt/ap-mode', /the mode file was removed/],
    ])(
      '%s: not guessed at, nothing is granted, status and `apmode mode` say why, `set ap` mends it',
      async (...row) => {
        const [what, spoil, reason] = row
        await standby.shell(spoil)
        const status = await waitFor(
          async () => {
            const now = await standby.status()
            return now.fit === false && now
          },
          { patienceMs: 5_000, reason: `the mode file noticed as ${what}` },
        )
        expect(status).toMatchObject({ ...READ_ONLY_UNFIT, next: { command: expect.stringContaining('apmode set') } })
        expect(status.problems.join()).toMatch(reason)
        const mode = await standby.apmode('mode')
        expect(mode).toMatchObject({ code: 1, stdout: 'unreadable\n' })
        expect(mode.stderr).toMatch(reason)
        expect(await standby.apmode('start')).toMatchObject({ code: 3 })
        if (what === 'a folder') {
          const set = await standby.apmode('set ap')
          expect(set).toMatchObject({ code: 1, stdout: '' })
          expect(set.stderr).toMatch(/cannot write the mode file \/opt\/ap-mode: a folder is in its place/)
          await standby.must(['rmdir', '/opt/ap-mode'])
        }
        expect(await standby.apmode('set ap')).toMatchObject({ code: 0 })
        expect(await standby.modeFile()).toBe('ap')
      },
    )

    test('changed by hand to m and to ap: followed, as `apmode set` would', async () => {
      await standby.shell('echo m > /opt/ap-mode')
      await waitFor(async () => (await standby.unitFiles()).every((file) => file === 'masked'), {
        patienceMs: 10_000,
        reason: 'everything masked',
      })
      await waitFor(async () => (await standby.apmode('mode')).stdout === 'm\n', {
        patienceMs: 5_000,
        reason: 'mode m',
      })
      expect((await standby.exec(['systemctl', 'is-active', 'keepalived'])).stdout).toBe('inactive\n')
      await standby.shell('echo ap > /opt/ap-mode')
      await waitFor(async () => (await standby.unitFiles()).every((file) => file === 'disabled'), {
        patienceMs: 10_000,
        reason: 'everything unmasked',
      })
      expect((await standby.exec(['systemctl', 'is-active', 'keepalived'])).stdout).toBe('inactive\n')
      await again(standby)
      const changes = (await standby.history()).filter(({ source }) => source === 'mode file').slice(-2)
      expect(changes.map(({ event }) => event)).toEqual(['set m', 'set ap'])
    })
  })

  describe('notify', () => {
    test.each([
      '',
      'mastr',
      'init',
      'master backup',
      'INSTANCE VI_1 NONSENSE 100',
      'INSTANCE VI_1 MASTER x',
      'INSTANCE',
    ])('of "%s" is exit 2, with what was found and what is expected', async (words) => {
      const answer = await holder.exec(['apmode', 'notify', ...words.split(' ').filter((word) => word !== '')])
      expect(answer).toMatchObject({ code: 2, stdout: '' })
      expect(answer.stderr).toMatch(/^apmode: cannot notify: found .*expected /)
    })

    test('of another instance or a group is understood, and changes nothing', async () => {
      for (const words of ['INSTANCE VI_2 FAULT 100', 'GROUP G1 FAULT 0', 'INSTANCE VI_1 MASTER_RX_LOWER_PRI 100']) {
        expect(await holder.apmode(`notify ${words}`)).toMatchObject({ code: 0 })
      }
    })

    test('twice, and in the wrong order: a word that the machine itself contradicts moves nothing', async () => {
      for (const [machine, words] of [
        [holder, 'master master backup stop backup master'],
        [standby, 'backup backup master fault stop master backup'],
      ] as const) {
        for (const word of words.split(' ')) expect((await machine.apmode(`notify ${word}`)).code).toBe(0)
      }
    })

    test('1,000 through the socket and 1,000 through the FIFO at once, on both machines', async () => {
      const outcomes = await Promise.all([
        holder.exec(['python3', '-c', BURST, 'master backup stop'], { timeoutMs: 60_000 }),
        standby.exec(['python3', '-c', BURST, 'master backup fault stop'], { timeoutMs: 60_000 }),
      ])
      expect(outcomes.map(({ stdout, stderr }) => stdout + stderr)).toEqual(['1000 accepted\n', '1000 accepted\n'])
    })
  })

  describe("keepalived's FIFO", () => {
    const into = (machine: Machine, bytes: string | Buffer) =>
      machine.must(['sh', '-c', 'cat > /run/apmode/vrrp.fifo'], { input: bytes })

    test('half a line waits for its rest', async () => {
      await into(standby, 'INSTANCE "VI_1" FAU')
      const heard = await newestLine(standby)
      await into(standby, 'LT 100\n')
      await waitFor(async () => (await linesAfter(standby, heard)).some(({ event }) => event === 'fault'), {
        patienceMs: 5_000,
        reason: 'FAULT heard',
      })
    })

    test('binary, over-long and unknown lines are dropped, and said', async () => {
      await into(
        holder,
        Buffer.concat([Buffer.from([0, 255, 10, 7, 200]), Buffer.alloc(100_000, 'x'), Buffer.from('\n')]),
      )
      await into(holder, 'INSTANCE "VI_1" NONSENSE 100\nINSTANCE "VI_1"\n')
      await logged(holder, /a line of more than 1024 bytes in keepalived's FIFO was dropped/)
      await logged(holder, /found state \\"NONSENSE\\" of instance \\"VI_1\\", expected MASTER, BACKUP, FAULT or STOP/)
    })

    test.each([
      ['removed', 'rm vrrp.fifo', /was removed while it was read/],
      ['replaced by a file', 'echo hello > hello; mv -f hello vrrp.fifo', /a file stood in the place/],
      // It may be made anew between the two.
      ['replaced by a folder', 'until rm -f vrrp.fifo && mkdir vrrp.fifo; do :; done', /a folder stood in the place/],
    ])('%s: it is there again, and after a restart of keepalived its words come through', async (...row) => {
      const [, spoil, said] = row
      await standby.shell(`cd /run/apmode; rm -rf vrrp.fifo.replaced; ${spoil}`)
      await waitFor(async () => (await standby.exec(['test', '-p', '/run/apmode/vrrp.fifo'])).code === 0, {
        patienceMs: 5_000,
        reason: 'the FIFO made anew',
      })
      await logged(standby, said)
      expect(await standby.must(['stat', '-c', '%U %a', '/run/apmode/vrrp.fifo'])).toBe('root 600\n')
      // keepalived itself goes on writing into the one that is gone: it opens the FIFO at its start.
      await standby.must(['systemctl', 'restart', 'keepalived'])
      await healthy(holder, standby)
      const heard = await newestLine(standby)
      await waitFor(
        async () => {
          // Again: the supervisor's own look may come before keepalived's word, and puts the file right.
          await standby.shell('echo 1 > /run/apmode/vrrp.unfit')
          return (await linesAfter(standby, heard)).some((line) => line.event === 'fault' && line.source === 'fifo')
        },
        { patienceMs: 15_000, everyMs: 700, reason: "keepalived's FAULT through the new FIFO" },
      )
    })
  })

  describe('requests', () => {
    const curl = (...words: string[]) =>
      holder.exec(['curl', '-s', '-m', '10', '-w', '\n%{http_code}', ...words], { timeoutMs: 15_000 })
    const socket = ['--unix-socket', '/run/apmode/apmode.sock']
    const LONG = 'x'.repeat(20_000)

    test.each([
      ['not JSON', 400, /not JSON/, ['-d', 'not json', 'http://a/set']],
      ['no object', 400, /no object/, ['-d', '["ap"]', 'http://a/set']],
      ['an unknown mode', 400, /mode is \\"x\\", expected ap, m, s/, ['-d', '{"mode":"x"}', 'http://a/set']],
      ['an unknown field', 400, /unknown field \\"nwo\\"/, ['-d', '{"mode":"m","nwo":true}', 'http://a/set']],
      ['an unknown word', 400, /state is \\"mastr\\"/, ['-d', '{"state":"mastr"}', 'http://a/notify']],
      ['an unknown path', 404, /no such path/, ['http://a/nothing']],
      ['the wrong method', 405, /takes POST, not DELETE/, ['-X', 'DELETE', 'http://a/set']],
      ['reading what is to be posted', 405, /takes POST, not GET/, ['http://a/stop']],
      ['a head that is too long', 431, /longer than 8192 bytes/, ['-H', `X-Long: ${LONG}`, 'http://a/mode']],
      ['a body that is too long', 413, /longer than 65536 bytes/, ['-d', LONG.repeat(5), 'http://a/set']],
    ] as const)('%s on the control socket: %i with a sentence', async (...[, status, sentence, words]) => {
      const { stdout } = await curl(...socket, ...words)
      expect(stdout).toMatch(sentence)
      expect(stdout).toMatch(new RegExp(`\n${status}$`))
    })

    test.each([
      ['/set', ['-d', '{"mode":"m"}'], 404, /no such path/],
      ['/status', ['-d', '{}'], 405, /takes GET, HEAD, OPTIONS, not POST/],
      ['/health', ['-X', 'PUT'], 405, /takes GET, HEAD, OPTIONS, not PUT/],
    ])('%s with %j on the health port: nothing is changed there', async (path, words, status, sentence) => {
      const { stdout } = await curl(...words, `http://127.0.0.1:8008${path}`)
      expect(stdout).toMatch(sentence)
      expect(stdout).toMatch(new RegExp(`\n${status}$`))
    })

    test('clients that are slow, silent, or talk something else are let go, and the others are answered', async () => {
      const slow = holder.exec(['python3', '-c', SLOW_CLIENTS], { timeoutMs: 30_000 })
      const { code, stdout } = await holder.apmode('mode')
      expect([code, stdout]).toEqual([0, 'ap\n'])
      expect((await slow).stdout).toBe('400 408 408 408 408\n')
    })
  })

  describe("keepalived's tracked file", () => {
    test.each([
      ['deleted', 'rm vrrp.unfit'],
      ['garbage', 'echo garbage > vrrp.unfit'],
      ['empty', ': > vrrp.unfit'],
    ])('%s: written again at the next look, and nothing moves', async (_what, spoil) => {
      await holder.shell(`cd /run/apmode; ${spoil}`)
      await waitFor(async () => (await holder.exec(['cat', '/run/apmode/vrrp.unfit'])).stdout === '0\n', {
        patienceMs: (DRIFT_SECONDS + 3) * 1000,
        reason: 'the tracked file written again',
      })
    })
  })

  test('the bus restarted and killed: the supervisor connects again and knows its units', async () => {
    for (const end of ['systemctl restart dbus', 'systemctl kill -s KILL dbus']) {
      const since = await cursor(holder)
      await holder.shell(end)
      await logged(holder, /connected to systemd again/, since)
      expect((await holder.status()).units.map(({ active }) => active)).toEqual(['active', 'active', 'active'])
    }
  })

  describe('a full disk', () => {
    const FULL = ['/opt', '/var/lib/apmode']
    const fill = (machine: Machine) =>
      machine.shell(
        FULL.map(
          (folder) =>
            `cp -a ${folder} /root/kept; mount -t tmpfs -o size=8m,mode=700 tmpfs ${folder}; cp -a /root/kept/. ${folder}
             rm -r /root/kept; head -c 16M /dev/zero > ${folder}/filler 2>&1 || :`,
        ).join('\n'),
      )
    const empty = (machine: Machine) => machine.shell(FULL.map((folder) => `rm -f ${folder}/filler`).join('\n'))
    /** The folders as they were, with what has been written since. */
    const unmount = (machine: Machine) =>
      machine.shell(
        FULL.map(
          (folder) => `cp -a ${folder} /root/kept; umount ${folder}; cp -a /root/kept/. ${folder}; rm -r /root/kept`,
        ).join('\n'),
      )

    test("an operator's set is exit 1 and changes nothing; a command that needs no room goes on", async () => {
      await fill(holder)
      const files = await holder.unitFiles()
      const set = await holder.apmode('set m')
      expect(set).toMatchObject({ code: 1, stdout: '' })
      expect(set.stderr).toMatch(/cannot write the mode file \/opt\/ap-mode: no space left on the disk/)
      expect([await holder.modeFile(), await holder.unitFiles()]).toEqual(['ap', files])
      expect(await holder.writable()).toBe(true)
      // A few lines may still fit into the last block of the file.
      const full = /the history could not be written: .*no space left on the disk/
      for (let line = 0; line < 20; line += 1) expect(await holder.apmode('set ap')).toMatchObject({ code: 0 })
      await logged(holder, full)
      await empty(holder)
      await unmount(holder)
    })

    test('a failover goes on, says that the mode could not be saved, and saves it when there is room', async () => {
      await Promise.all([fill(holder), fill(standby)])
      const sampler = startSampler(pair)
      await holder.must(['systemctl', 'kill', '-s', 'KILL', 'api'])
      await waitFor(() => sampler.now('writable').join() === standby.name, {
        patienceMs: 10_000,
        reason: `${standby.name} writable, alone`,
      })
      for (const [machine, mode] of [
        [standby, 's'],
        [holder, 'm'],
      ] as const) {
        const status = await waitFor(
          async () => {
            const now = await machine.status()
            return now.mode === mode && now.problems.length > 0 && now
          },
          { patienceMs: 10_000, reason: `mode ${mode} with its problem on ${machine.name}` },
        )
        expect(status.problems.join()).toMatch(/the mode could not be saved: .*no space left on the disk/)
        expect(await machine.modeFile()).toBe('ap')
        await empty(machine)
        await waitFor(async () => (await machine.modeFile()) === mode, {
          patienceMs: 15_000,
          reason: `${mode} saved on ${machine.name}`,
        })
        await unmount(machine)
      }
      expect((await sampler.stop()).bothWritable).toEqual([])
      await again(holder)
      ;[holder, standby] = [standby, holder]
      await healthy(holder, standby)
      expect(await holder.apmode('set ap')).toMatchObject({ code: 0 })
      await stand()
    })
  })

  test('garbage in the mode file of the holder: it is fenced, the other machine serves, and `set ap` brings it back', async () => {
    const sampler = startSampler(pair)
    await holder.shell('echo garbage > /opt/ap-mode')
    await waitFor(() => sampler.now('writable').join() === standby.name, {
      patienceMs: 10_000,
      reason: `${standby.name} writable, alone`,
    })
    expect((await sampler.stop()).bothWritable).toEqual([])
    expect(await holder.status()).toMatchObject({ mode: 'unreadable', holder: false, writable: false, fit: false })
    await again(holder)
    ;[holder, standby] = [standby, holder]
    await healthy(holder, standby)
    expect(await holder.apmode('set ap')).toMatchObject({ code: 0 })
    await stand()
  })
})

const SHOW_PID = ['systemctl', 'show', '-P', 'MainPID', 'apmode']
const PASSWORD = '/etc/apmode/replication.password'

/** When the newest line of the history was written. */
async function newestLine(machine: Machine): Promise<string> {
  return (await machine.history()).at(-1)?.at ?? ''
}

async function linesAfter(machine: Machine, at: string): Promise<HistoryEntry[]> {
  return (await machine.history()).filter((line) => line.at > at)
}

/** Where the journal ends now. */
async function cursor(machine: Machine): Promise<string> {
  const { stdout }: CommandResult = await machine.exec(['journalctl', '-n', '0', '--show-cursor', '-q'])
  return stdout.replace('-- cursor: ', '').trim()
}

/** Waits until the supervisor has logged it; with a cursor: after that. */
async function logged(machine: Machine, pattern: RegExp, since?: string): Promise<void> {
  const after = since === undefined ? [] : ['--after-cursor', since]
  await waitFor(
    async () => pattern.test(await machine.must(['journalctl', '-u', 'apmode', '-o', 'cat', '--no-pager', ...after])),
    { patienceMs: 5_000, reason: `the log of ${machine.name} say ${pattern.source}` },
  )
}

/** 1,000 requests, and between them 1,000 lines, of the words in turn. */
const BURST = `
import json, os, socket, sys
words = sys.argv[1].split()
fifo = os.open("/run/apmode/vrrp.fifo", os.O_WRONLY)
accepted = 0
for i in range(1000):
    os.write(fifo, b'INSTANCE "VI_1" %s 100\\n' % words[i % len(words)].upper().encode())
    body = json.dumps({"state": words[(i + 1) % len(words)]}).encode()
    with socket.socket(socket.AF_UNIX) as s:
        s.connect("/run/apmode/apmode.sock")
        s.sendall(b"POST /notify HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
        accepted += b" 202 " in s.recv(65536)
print(accepted, "accepted")
`

/** Half requests, silence and no HTTP at all, kept open until the server has had enough. */
const SLOW_CLIENTS = `
import socket
def client(data, port=None):
    s = socket.socket(socket.AF_UNIX if port is None else socket.AF_INET)
    s.settimeout(20)
    s.connect("/run/apmode/apmode.sock" if port is None else ("127.0.0.1", port))
    s.sendall(data)
    return s
half = b'POST /set HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 20\\r\\n\\r\\n{"mode"'
clients = [client(b"hello\\r\\n\\r\\n"), client(half), client(b"GET /mo"), client(b""), client(b"GET /sta", 8008)]
print(*[s.recv(65536).split(b" ")[1].decode() for s in clients])
`
