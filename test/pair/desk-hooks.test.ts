/**
 * Hooks on two real machines: told of a failover on both, one that says no, and hooks that hang while rights have to be
 * taken away. One pair for all; what a test breaks it mends.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApmodePair, CONFIG, healthy, type Machine, startApmodePair, storyOf } from './apmode-pair.ts'
import { whyNoLab } from './lab/requirements.ts'
import { startSampler } from './lab/sampler.ts'
import { waitFor } from './lab/wait.ts'

const obstacle = whyNoLab()
const FOLDER = '/etc/apmode/hooks.d'
const LOG = '/run/told'
/** Writes down what it is told, and tries what a hook is for: syslog, and work outside the supervisor's sandbox. */
const RECORD = `#!/bin/sh
echo "$1 $2 $APMODE_FROM_MODE/$APMODE_FROM_VRRP $APMODE_TO_MODE/$APMODE_TO_VRRP by $APMODE_TRIGGER on $APMODE_NODE" >> ${LOG}
[ "$1" = post ] || exit 0
logger -t hooked "$APMODE_SENTENCE"
systemd-run --quiet --no-block --collect touch "/home/hooked-$2"
`
const VETO = '#!/bin/sh\n[ "$1 $2" = "pre promote" ] || exit 0\necho "the array rebuilds" >&2\nexit 1\n'
/** In this phase it hangs, deaf to SIGTERM. */
const hangs = (phase: string) => `#!/bin/sh\n[ "$1" = ${phase} ] || exit 0\ntrap '' TERM\nsleep 321 & wait\nsleep 321\n`
/** Far longer than a busy computer takes to withdraw a right. */
const TIMEOUT_S = 5
const PATIENT = { timeoutMs: 60_000 }

/** From the death of the API until `until` is true, in milliseconds, by the machine's own clock. */
const measured = (until: string) => `
s=$(date +%s%N)
systemctl kill -s KILL api
i=0; until ${until} || [ $i -gt 1500 ]; do i=$((i+1)); sleep 0.005; done
echo $(( ($(date +%s%N) - s) / 1000000 ))`

describe.skipIf(obstacle !== null)('hooks', () => {
  let pair: ApmodePair

  beforeAll(async () => {
    pair = await startApmodePair({
      config: `${CONFIG}\n[hooks]\ntimeout = ${TIMEOUT_S}\n`,
      provision: async (machine) => {
        await machine.writeFile(`${FOLDER}/10-record`, RECORD, 0o755)
      },
      progress: (sentence) => process.stderr.write(`${sentence}\n`),
    })
  })
  afterAll(async () => {
    await pair?.stop()
  })

  const told = async (machine: Machine) => (await machine.shell(`cat ${LOG} || true`)).trim().split('\n')
  const stepsOf = async (machine: Machine) => (await machine.history()).flatMap(({ steps }) => steps)
  const hanging = async (machine: Machine) =>
    (await machine.shell('pgrep -f "^sleep 321" || true')).trim().split('\n').filter(Boolean).length

  test('a failover is told on both machines, and the one that takes over asks first', async () => {
    const { host1, host2 } = pair
    await host1.shell('systemctl kill -s KILL mariadb')
    await waitFor(() => host2.writable(), { patienceMs: 10_000, reason: 'host2 writable' })
    // The news of the interface and keepalived's word race: either may be first.
    const has = (machine: Machine, line: RegExp) =>
      waitFor(async () => (await told(machine)).some((one) => line.test(one)), {
        patienceMs: 5_000,
        reason: `${line} told on ${machine.name}`,
      })
    await has(host2, /^pre promote ap\/\w+ s\/master by master on host2$/)
    await has(host2, /^post promote ap\/\w+ s\/master by master on host2$/)
    await has(host1, /^post demote ap\/\w+ \w+\/\w+ by .* on host1$/)
    expect((await told(host1)).filter((line) => line.startsWith('pre promote'))).toHaveLength(1)
    expect(await stepsOf(host2)).toContainEqual(
      expect.objectContaining({ step: 'ask-hook', sentence: 'ask hook 10-record (pre promote)', ok: true }),
    )
    // From within the sandbox of the supervisor: the journal is reached, and systemd-run leads out of it.
    await waitFor(async () => (await host2.shell('journalctl -t hooked -o cat')).includes('mode ap → s'), {
      patienceMs: 5_000,
      reason: "logger's line in the journal",
    })
    await waitFor(async () => (await host2.exec(['test', '-e', '/home/hooked-promote'])).code === 0, {
      patienceMs: 5_000,
      reason: 'a file that the sandbox would not let it write',
    })
    expect(await host1.apmode('rejoin', PATIENT)).toMatchObject({ code: 0 })
    expect(await host2.apmode('set ap', PATIENT)).toMatchObject({ code: 0 })
    await healthy(host2, host1)
  })

  async function places(): Promise<{ holder: Machine; other: Machine }> {
    const { host1, host2 } = pair
    return (await host1.writable()) ? { holder: host1, other: host2 } : { holder: host2, other: host1 }
  }

  /** Waits until `machine` writes; says what both say of themselves if it does not. */
  async function serves(machine: Machine): Promise<void> {
    try {
      await waitFor(() => machine.writable(), { patienceMs: 15_000, reason: `${machine.name} writable` })
    } catch (cause) {
      throw new Error((await Promise.all(pair.nodes.map(storyOf))).join('\n'), { cause })
    }
  }

  test('a veto keeps a handover from being taken: both stay a pair, the old holder serves again, status says who refused', async () => {
    const { holder, other } = await places()
    await other.writeFile(`${FOLDER}/20-veto`, VETO, 0o755)
    const result = await holder.apmode('handover --timeout 2', PATIENT)
    expect(result.code, result.stdout + result.stderr).toBe(1)
    await serves(holder)
    expect(await other.writable()).toBe(false)
    expect([await holder.modeFile(), await other.modeFile()]).toEqual(['ap', 'ap'])
    expect(await stepsOf(other)).toContainEqual(
      expect.objectContaining({ step: 'ask-hook', ok: false, detail: 'the array rebuilds' }),
    )
    const sentences = (await other.history()).map(({ sentence }) => sentence)
    expect(sentences.join('\n')).toContain('vetoed by hook 20-veto: the array rebuilds')
    await other.shell(`rm ${FOLDER}/20-veto`)
    await healthy(holder, other)
  })

  test('a withdrawal does not wait for a hook that hangs before a promotion, and ends it', async () => {
    const { holder, other } = await places()
    await other.writeFile(`${FOLDER}/20-hang`, hangs('pre'), 0o755)
    const handed = holder.apmode('handover --timeout 4', PATIENT)
    await waitFor(async () => (await hanging(other)) > 0, { patienceMs: 10_000, reason: 'the hook hangs' })
    const ms = Number(await other.shell(measured('[ "$(cat /run/apmode/vrrp.unfit)" = 1 ]')))
    process.stderr.write(`unfit ${ms} ms after the death of the API, while a hook hung\n`)
    expect(ms).toBeLessThan(2_000)
    await waitFor(async () => (await hanging(other)) === 0, { patienceMs: 3_000, reason: 'the hook is gone' })
    expect((await handed).code).toBe(1)
    await serves(holder)
    await other.shell(`rm ${FOLDER}/20-hang; systemctl start api`)
    await healthy(holder, other)
  })

  test('a fence does not wait for hooks that hang while they are told', async () => {
    const { holder, other } = await places()
    await other.writeFile(`${FOLDER}/20-hang`, hangs('post'), 0o755)
    const result = await holder.apmode('handover', PATIENT)
    expect(result.code, result.stdout + result.stderr).toBe(0)
    await waitFor(async () => (await hanging(other)) > 0, { patienceMs: 5_000, reason: 'the hook hangs' })
    const sampler = startSampler(pair)
    try {
      const ms = Number(await other.shell(measured('[ "$(mariadb -Ne "SELECT @@global.read_only")" = 1 ]')))
      process.stderr.write(`fenced ${ms} ms after the death of the API, while a hook hung\n`)
      expect(ms).toBeLessThan(2_000)
      await serves(holder)
    } finally {
      expect((await sampler.stop()).bothWritable).toEqual([])
    }
  })

  test('one that others could have written is not run, and status says so', async () => {
    const { host1 } = pair
    await host1.writeFile(`${FOLDER}/30-open`, '#!/bin/sh\n', 0o777)
    await waitFor(async () => (await host1.status()).problems.join().includes('30-open is not run'), {
      patienceMs: 15_000,
      reason: 'the problem in status',
    })
  })
})
