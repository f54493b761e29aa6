/**
 * `npm run demo`: a pair of real machines, a failover and the way home while a client writes, and what happened.
 * Invariant: whatever ends it (the end, an error, Ctrl-C, SIGTERM), no machine, namespace or mount of it is left; and it
 * ends with 0 only if the pair failed over, nothing acknowledged was lost and never two databases were writable.
 * Exit codes: 0 · 1 a promise was not kept, or it failed · 2 it cannot run here · 130 interrupted.
 */
import { messageOf } from '../src/core/errors.ts'
import { type ApmodePair, type Machine, startApmodePair } from '../test/pair/apmode-pair.ts'
import { type Client, startClient } from '../test/pair/lab/client.ts'
import { VIP } from '../test/pair/lab/network.ts'
import { whyNoLab } from '../test/pair/lab/requirements.ts'
import { type Sampler, startSampler } from '../test/pair/lab/sampler.ts'
import { waitFor } from '../test/pair/lab/wait.ts'
import { momentsOf } from './demo/moments.ts'
import { counted, Screen, seconds } from './demo/screen.ts'
import { timelineOf } from './demo/timeline.ts'
import { promisesOf } from './demo/verdict.ts'

const screen = new Screen()
const begun = performance.now()

/** The lab removes its machines itself, in a later listener of the same signal; this one says so. */
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
] as const) {
  process.on(signal, () => {
    screen.cut('interrupted')
    if (process.listenerCount(signal) === 1) process.exit(128 + number)
    screen.text('removing the machines')
  })
}

/** npm passes SIGTERM on to a shell between it and this process, which then goes alone: whoever stopped npm meant this. */
const parent = process.ppid
if (process.env.npm_lifecycle_event !== undefined) {
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM')
  }, 500).unref()
}

process.exitCode = await demo()

async function demo(): Promise<number> {
  const obstacle = whyNoLab()
  if (obstacle !== null) {
    process.stderr.write(
      `The demo runs two real machines in containers, and cannot do so here: ${obstacle}.\n` +
        'It needs Linux, root, and systemd-nspawn (on Debian it installs what is missing by itself).\n',
    )
    return 2
  }
  screen.heading('apmode: two machines, one service, one of them fails')
  screen.text(
    'Two Debian 12 machines in containers, each with systemd, keepalived, MariaDB and\n' +
      'apmode from its package. They share one virtual IP; nothing leaves this machine.',
  )
  screen.heading('a pair, from the package')
  let pair: ApmodePair | null = null
  try {
    pair = await startApmodePair({ progress: (sentence) => screen.begin(sentence) })
    screen.done()
    return await story(pair)
  } catch (thrown) {
    screen.cut('failed')
    process.stderr.write(`\nThe demo failed: ${messageOf(thrown)}\n`)
    return 1
  } finally {
    if (pair !== null) {
      screen.begin('removing the machines …')
      await pair.stop()
    }
    screen.done()
    screen.text(`${seconds(performance.now() - begun)} in all.`)
  }
}

async function story(pair: ApmodePair): Promise<number> {
  const { host1: holder, host2: other } = pair
  for (const machine of [holder, other]) await showStatus(machine)

  screen.heading(`a client writes to ${VIP}, and ${holder.name}'s database is killed`)
  const client = startClient(pair)
  const sampler = startSampler(pair)
  const writes = () => `${counted(client.acknowledged.length)} acknowledged`
  try {
    const failover = await failOver(holder, other, client, sampler, writes)

    screen.heading(`${other.name} serves`)
    for (const machine of [holder, other]) await showStatus(machine)

    screen.heading('what happened, in milliseconds after the fault')
    const { struckAt, gap } = failover
    const deadAt = sampler.writable.find((change) => change.node === holder.name && change.at > struckAt)?.at
    const moments = await momentsOf(holder, other, {
      struckAt,
      deadAt,
      lastAcknowledgedAt: gap.from,
      firstAcknowledgedAt: gap.to,
    })
    screen.text(timelineOf(moments, screen.paint, { struckAt, servedAt: gap.to }))

    screen.heading('the way home, while the client goes on writing')
    const wayHomeAt = Date.now()
    const whole = await goHome(holder, other, writes)

    screen.begin('looking for each acknowledged write on both', writes)
    await client.stop()
    const { bothWritable } = await sampler.stop()
    const promises = promisesOf({
      acknowledged: client.acknowledged.length,
      lost: {
        [other.name]: (await client.lostOn(other)).length,
        [holder.name]: await lostOnReplica(client, holder),
      },
      bothWritableMs: bothWritable.reduce((sum, { from, to }) => sum + to - from, 0),
      gapMs: gap.ms,
      wayHomeGapMs: client.longestGap(wayHomeAt)?.ms ?? Number.NaN,
      holder: holder.name,
      other: other.name,
      otherServed: failover.otherServed,
      whole,
    })
    screen.heading('kept?')
    for (const { kept, sentence } of promises) {
      screen.text(`${kept ? screen.paint('green', '✓') : screen.paint('red', '✗')} ${sentence}`)
    }
    return promises.every(({ kept }) => kept) ? 0 : 1
  } finally {
    await Promise.allSettled([client.stop(), sampler.stop()])
  }
}

/** The fault, until the other machine serves and the old holder has put itself away. */
async function failOver(holder: Machine, other: Machine, client: Client, sampler: Sampler, writes: () => string) {
  screen.begin('a client writes a row every 5 ms', writes)
  await waitFor(() => client.acknowledged.length >= 200, { patienceMs: 20_000, reason: '200 acknowledged writes' })
  screen.begin(`kill -9 on ${holder.name}, until ${other.name} takes writes`, writes)
  const clock = await holder.shell('pid=$(systemctl show -P MainPID mariadb); date +%s%N; kill -9 "$pid"')
  const struckAt = Number(clock) / 1e6
  await waitFor(
    () => {
      const writableAt = sampler.since('writable', other.name, struckAt)
      return writableAt !== undefined && client.firstBegunAfter(writableAt)
    },
    { patienceMs: 30_000, reason: `a write acknowledged by ${other.name}` },
  )
  const gap = client.longestGap(struckAt)
  if (gap === null) throw new Error('cannot measure the failover: no write was acknowledged after it')
  screen.begin(`${holder.name} puts itself into m, ${other.name} goes on alone`, writes)
  await waitFor(async () => (await holder.status()).mode === 'm' && (await holder.status()).vrrp === 'stop', {
    patienceMs: 20_000,
    reason: `${holder.name} in mode m`,
  })
  await waitFor(async () => (await other.status()).mode === 's' && (await other.unitFiles())[0] === 'enabled', {
    patienceMs: 20_000,
    reason: `${other.name} in mode s`,
  })
  screen.done()
  return { struckAt, gap, otherServed: await other.holdsVip() }
}

/** As `next` in `apmode status` says: first the machine that fell out, then the survivor. */
async function goHome(holder: Machine, other: Machine, writes: () => string): Promise<boolean> {
  await typed(holder, 'set ap --now')
  screen.begin(`${holder.name} follows ${other.name}`, writes)
  await waitFor(async () => (await other.status()).peer?.attached === true, {
    patienceMs: 20_000,
    reason: `${holder.name} attached to ${other.name}`,
  })
  await typed(other, 'set ap')
  screen.text('')
  for (const machine of [holder, other]) {
    screen.text((await machine.must(['apmode', 'status'])).split('\n')[0] ?? '')
  }
  const [one, two] = await Promise.all([holder.status(), other.status()])
  return one.mode === 'ap' && two.mode === 'ap' && one.replication?.io === 'Yes' && two.writable === true
}

/** A command as an operator types it, with its answer. Throws when it does not end with 0. */
async function typed(machine: Machine, words: string): Promise<void> {
  screen.text(`\n${screen.paint('bold', `${machine.name} # apmode ${words}`)}`)
  const { code, stdout, stderr } = await machine.apmode(words, { timeoutMs: 60_000 })
  screen.text(`${stdout}${stderr}`.trimEnd())
  if (code !== 0) throw new Error(`cannot go on: apmode ${words} on ${machine.name} ended with ${code}`)
}

/** The real text; in colour where there is a terminal, which `apmode` must then have too. */
async function showStatus(machine: Machine): Promise<void> {
  screen.done()
  const words = screen.hasColour
    ? ['env', 'TERM=xterm', 'script', '-qec', 'apmode status', '/dev/null']
    : ['apmode', 'status']
  const text = await machine.must(words)
  screen.text(`\n${screen.paint('bold', `${machine.name} # apmode status`)}\n${text.replaceAll('\r', '').trimEnd()}`)
}

/** Replication needs a moment for the last rows. */
async function lostOnReplica(client: Client, replica: Machine): Promise<number> {
  let lost = Number.NaN
  await waitFor(
    async () => {
      lost = (await client.lostOn(replica)).length
      return lost === 0
    },
    { patienceMs: 5_000, everyMs: 100, reason: `every write on ${replica.name}` },
  ).catch(() => {})
  return lost
}
