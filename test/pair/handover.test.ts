/**
 * The planned change of the holder and the way home, on two real machines under load: done, refused, undone. One pair;
 * each test begins with a whole one.
 */
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CommandResult as Answer, PlanView } from '../../src/ports/control.ts'
import { type ApmodePair, CONFIG, healthy, type Machine, startApmodePair, storyOf } from './apmode-pair.ts'
import { type Client, startClient } from './lab/client.ts'
import { PROBE } from './lab/recipe.ts'
import { whyNoLab } from './lab/requirements.ts'
import { type Sampler, startSampler } from './lab/sampler.ts'
import { waitFor } from './lab/wait.ts'
import { startLocalWriter } from './local-writer.ts'

const obstacle = whyNoLab()
const PATIENT = { timeoutMs: 60_000 }

describe.skipIf(obstacle !== null)('handover', () => {
  let pair: ApmodePair
  let holder: Machine
  let standby: Machine
  let firstNumber = 1

  beforeAll(async () => {
    // What a supervisor mends at its own look must not come between a fault and the refusal that is for it.
    const config = `drift_interval = 600.0\n${CONFIG}`
    pair = await startApmodePair({ config, progress: (sentence) => process.stderr.write(`${sentence}\n`) })
  })
  afterAll(async () => {
    await pair?.stop()
  })

  beforeEach(async () => {
    const one = await pair.host1.holdsVip()
    ;[holder, standby] = one ? [pair.host1, pair.host2] : [pair.host2, pair.host1]
    const [serving, following] = await Promise.all([holder.status(), standby.status()])
    if (serving.mode !== 'ap' || following.mode !== 'ap' || following.fit !== true) {
      await must(standby.apmode('rejoin', PATIENT))
      if (serving.mode !== 'ap') await must(holder.apmode('set ap'))
    }
    await healthy(holder, standby)
  })

  /** Acts while a client writes; afterwards `lead` has everything that was acknowledged, and never did two write. */
  async function underLoad(
    lead: () => Machine,
    act: (client: Client, sampler: Sampler) => Promise<void>,
  ): Promise<number> {
    const client = startClient(pair, { firstNumber })
    firstNumber += 1_000_000
    const sampler = startSampler(pair)
    let gap = Number.NaN
    try {
      await waitFor(() => client.acknowledged.length > 50, { patienceMs: 10_000, reason: 'acknowledged writes' })
      const begun = Date.now()
      await act(client, sampler)
      const ended = Date.now()
      await waitFor(() => client.firstBegunAfter(ended) !== undefined, {
        patienceMs: 20_000,
        reason: `a write acknowledged by ${lead().name}`,
      })
      gap = Math.round(client.longestGap(begun)?.ms ?? Number.NaN)
      process.stderr.write(`${gap} ms without a write\n`)
    } finally {
      await client.stop()
      expect((await sampler.stop()).bothWritable).toEqual([])
    }
    expect(await lead().writable(), await storyOf(lead())).toBe(true)
    expect(await client.lostOn(lead())).toEqual([])
    return gap
  }

  async function must(running: Promise<Awaited<ReturnType<Machine['apmode']>>>): Promise<string> {
    const result = await running
    if (result.code !== 0) throw new Error(`exit ${result.code}: ${result.stdout}${result.stderr}\n${await stories()}`)
    return result.stdout
  }
  const stories = async () => (await Promise.all(pair.nodes.map(storyOf))).join('\n')

  async function swapped(): Promise<void> {
    ;[holder, standby] = [standby, holder]
    await healthy(holder, standby)
    expect([await holder.status(), await standby.status()]).toMatchObject([
      { mode: 'ap', role: 'active', vrrp: 'master', writable: true, commitsWithPeer: true },
      { mode: 'ap', role: 'standby', vrrp: 'backup', writable: false, fit: true },
    ])
  }

  /**
   * Refused: exit 3, the reason, and nothing at all is different. What the supervisor does meanwhile about the state itself (it goes on
   * alone, say) it does once; what the command did would be there each time.
   */
  async function refused(why: RegExp, strike: () => Promise<unknown> = async () => {}): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      await strike()
      const before = await everything()
      const result = await holder.apmode('handover --json', PATIENT)
      const answer = JSON.parse(result.stdout) as Answer
      expect([result.code, answer.sentence]).toEqual([3, expect.stringMatching(why)])
      const after = await everything()
      if (attempt < 3 && !isDeepStrictEqual(after, before)) continue
      expect(after).toEqual(before)
      return
    }
  }

  /** What a command could have changed on the holder. */
  async function everything(): Promise<unknown> {
    const { stdout } = await holder.exec([
      'sh',
      '-c',
      `cat /opt/ap-mode /run/apmode/vrrp.unfit /var/lib/apmode/state.json
       systemctl show -P ActiveState -P UnitFileState -P ActiveEnterTimestamp mariadb api keepalived ap
       mariadb -N -e 'SELECT @@read_only, @@rpl_semi_sync_master_enabled; SELECT MAX(epoch) FROM apmode.lead; SHOW ALL SLAVES STATUS'`,
    ])
    return [stdout, (await holder.history()).length]
  }

  test('under load, there and back: both stay in ap, roles swapped, nothing is lost', async () => {
    for (let count = 0; count < 4; count += 1) {
      const leader = holder
      const gap = await underLoad(
        () => standby,
        async () => {
          await must(leader.apmode('handover', PATIENT))
        },
      )
      expect(gap).toBeLessThan(2_000)
      await swapped()
    }
  })

  test('on the standby it says where to run it', async () => {
    const result = await standby.apmode('handover')
    expect([result.code, result.stderr]).toEqual([3, expect.stringContaining(`${holder.name} serves: run it there`)])
  })

  test('a plan says what is checked and done, down to the SQL, and changes nothing', async () => {
    const before = await everything()
    const plan = JSON.parse(await must(holder.apmode('plan handover --json'))) as PlanView
    expect(plan.steps.map(({ step }) => step)).toEqual([
      'fence',
      'offer-lead',
      'wait-for-peer',
      'follow',
      'declare-unfit',
      'wait-for-lead',
      'declare-fit',
    ])
    expect(plan.checks.length).toBeGreaterThan(3)
    expect(await everything()).toEqual(before)
  })

  describe('is refused, and nothing is touched:', () => {
    test('the supervisor of the other machine is down', async () => {
      await standby.must(['systemctl', 'stop', 'apmode.socket', 'apmode.service'])
      await waitFor(async () => /is not connected/.test(await sentence('plan handover')), {
        patienceMs: 5_000,
        reason: 'the connection gone',
      })
      await refused(/the supervisor of \w+ is not connected/)
      await standby.must(['systemctl', 'start', 'apmode.socket', 'apmode.service'])
    })

    test('its supervisor hangs', async () => {
      const pid = (await standby.must(['systemctl', 'show', '-P', 'MainPID', 'apmode.service'])).trim()
      await standby.must(['kill', '-STOP', pid])
      await waitFor(async () => /has said nothing/.test(await sentence('plan handover')), {
        patienceMs: 8_000,
        reason: 'the silence noticed',
      })
      await refused(/the supervisor of \w+ has said nothing for \d+ s/)
      await standby.must(['kill', '-CONT', pid])
    })

    test('its keepalived is down', async () => {
      await standby.must(['systemctl', 'stop', 'keepalived'])
      await waitFor(async () => /in state stop/.test(await sentence('plan handover')), {
        patienceMs: 5_000,
        reason: 'it has said so',
      })
      await refused(/keepalived of \w+ is in state stop/)
      await standby.must(['systemctl', 'start', 'keepalived'])
    })

    test('its replication does not receive', async () => {
      await refused(/does not run \(IO No|does not replicate from this machine|acknowledged alone/, () =>
        standby.must(['mariadb', '-e', 'STOP SLAVE IO_THREAD']),
      )
      await standby.must(['mariadb', '-e', 'START SLAVE IO_THREAD'])
    })

    test('a transaction that wrote is open; --kill ends it', async () => {
      const open = holder.exec(
        [
          'mariadb',
          PROBE.database,
          '-e',
          'CREATE TABLE IF NOT EXISTS held (a INT); BEGIN; INSERT INTO held VALUES (1); SELECT SLEEP(30)',
        ],
        PATIENT,
      )
      await waitFor(async () => /has a transaction open that wrote/.test(await sentence('plan handover')), {
        patienceMs: 8_000,
        reason: 'the transaction seen',
      })
      await refused(/has a transaction open that wrote, for \d+\.\d s \(--kill ends it\)/)
      const leader = holder
      await must(leader.apmode('handover --kill', PATIENT))
      await open
      await swapped()
    })

    test.each(['LOCK TABLES entry WRITE', 'LOCK TABLES entry READ', 'FLUSH TABLES WITH READ LOCK'])(
      'a client holds %s',
      async (lock) => {
        const held = holder.exec(['mariadb', PROBE.database, '-e', `${lock}; SELECT SLEEP(20)`], PATIENT)
        await waitFor(async () => /locked/.test(await sentence('plan handover')), {
          patienceMs: 12_000,
          reason: 'the lock seen',
        })
        await refused(/root@localhost \(connection \d+\) holds .* locked, for \d+\.\d s \(--kill ends it\)/)
        const sleeping = "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO = 'SELECT SLEEP(20)'"
        await holder.must(['sh', '-c', `mariadb -e "KILL $(mariadb -N -e "${sleeping}")"`])
        await held
      },
    )

    test('its database is down', async () => {
      await standby.must(['systemctl', 'stop', 'mariadb'], PATIENT)
      await waitFor(async () => (await holder.status()).commitsWithPeer === false, {
        patienceMs: 10_000,
        reason: 'the holder goes on alone',
      })
      await refused(/the database of \w+ does not answer/)
      await must(standby.apmode('start', PATIENT))
    })

    test('it lags', async () => {
      const late = 'CREATE TABLE IF NOT EXISTS late (a INT); INSERT INTO late VALUES (1)'
      await refused(/does not run \(IO Yes, SQL No\)/, async () => {
        await standby.must(['mariadb', '-e', 'STOP SLAVE SQL_THREAD'])
        await holder.must(['mariadb', PROBE.database, '-e', late])
      })
      await standby.must(['mariadb', '-e', 'START SLAVE SQL_THREAD'])
    })

    const sentence = async (words: string) =>
      (JSON.parse((await holder.apmode(`${words} --json`)).stdout) as PlanView).sentence
  })

  test('a long SELECT holds nothing up', async () => {
    const leader = holder
    const select = leader.exec(['mariadb', PROBE.database, '-e', 'SELECT COUNT(*), SLEEP(8) FROM entry'], PATIENT)
    const gap = await underLoad(
      () => standby,
      async () => {
        await must(leader.apmode('handover', PATIENT))
      },
    )
    expect(gap).toBeLessThan(2_000)
    await select
    await swapped()
  })

  test('a client with READ ONLY ADMIN that comes back in a loop: undone, and nothing of it is written twice', async () => {
    const leader = holder
    await leader.must([
      'mariadb',
      '-e',
      `SET sql_log_bin=0; CREATE USER IF NOT EXISTS boss@localhost IDENTIFIED BY 'boss'; GRANT ALL ON app.* TO boss@localhost;
       GRANT READ_ONLY ADMIN ON *.* TO boss@localhost`,
    ])
    const writer = startLocalWriter(leader, {
      user: 'boss',
      password: 'boss',
      firstNumber: 900_000_000,
      briefly: false,
    })
    try {
      await waitFor(() => writer.acknowledged.length > 5, { patienceMs: 10_000, reason: 'it writes' })
      const result = await leader.apmode('handover --json', PATIENT)
      const answer = JSON.parse(result.stdout) as Answer
      expect([answer.exit, answer.sentence]).toEqual([
        1,
        expect.stringContaining('boss@localhost may write all the same'),
      ])
      expect(answer.sentence).toContain('this machine accepts writes again')
    } finally {
      await writer.stop()
      await leader.must(['mariadb', '-e', 'SET sql_log_bin=0; DROP USER boss@localhost'])
    }
    await healthy(leader, standby)
  })

  describe('is undone, and this machine serves again:', () => {
    test('the other one does not take over in time', async () => {
      const leader = holder
      await underLoad(
        () => leader,
        async () => {
          // Its database hangs in the moment in which it is to take over.
          const pid = (await standby.must(['pidof', 'mariadbd'])).trim()
          const result = leader.apmode('handover --timeout 1.5 --json', PATIENT)
          await standby.must(['kill', '-STOP', pid])
          const answer = JSON.parse((await result).stdout) as Answer
          await standby.exec(['kill', '-CONT', pid])
          expect(answer.exit, `${answer.sentence}\n${await stories()}`).not.toBe(0)
        },
      )
    })
  })

  test('set m on the holder is a handover first: the other one serves in s, this one follows; rejoin and set ap lead back', async () => {
    const leader = holder
    await underLoad(
      () => standby,
      async () => {
        await must(leader.apmode('set m', PATIENT))
      },
    )
    ;[holder, standby] = [standby, holder]
    expect(await standby.modeFile()).toBe('m')
    expect((await holder.status()).mode).toBe('s')
    expect((await standby.status()).replication).toMatchObject({ io: 'Yes', sql: true })
    const early = await holder.apmode('set m', PATIENT)
    expect([early.code, early.stderr]).toEqual([3, expect.stringMatching(/is in mode m/)])
    const said = await must(standby.apmode('rejoin', PATIENT))
    expect(said).toContain(`now, on ${holder.name}: apmode set ap`)
    await must(holder.apmode('set ap'))
    await healthy(holder, standby)
    expect(await must(holder.apmode('handover', PATIENT))).toContain('leads, and accepts writes')
    await swapped()
  })
})
