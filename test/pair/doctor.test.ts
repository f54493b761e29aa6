/**
 * `apmode doctor` on two real machines: nothing to say of a healthy pair, and every check fails where it is broken
 * (`doctor/breaks.ts`). What doctor says mends it is typed, word by word, and then there is nothing to say again.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Finding, Report } from '../../src/core/doctor/examine.ts'
import { type ApmodePair, healthy, type Machine, startApmodePair } from './apmode-pair.ts'
import { BATCHES, type Batch, type Break } from './doctor/breaks.ts'
import { whyNoLab } from './lab/requirements.ts'
import { waitFor } from './lab/wait.ts'

const obstacle = whyNoLab()
const PATIENT = { timeoutMs: 60_000 }

describe.skipIf(obstacle !== null)('apmode doctor', () => {
  let pair: ApmodePair

  beforeAll(async () => {
    pair = await startApmodePair({ progress: (sentence) => process.stderr.write(`${sentence}\n`) })
  })
  afterAll(async () => {
    await pair?.stop()
  })

  async function doctor(machine: Machine, environment = ''): Promise<Report> {
    const script = `${environment} apmode doctor --json`
    const { stdout, stderr, code } = await machine.exec(['sh', '-c', script], PATIENT)
    const report = JSON.parse(stdout || `{"nothing": ${JSON.stringify(stderr)}}`) as Report
    expect(code, JSON.stringify(report.summary)).toBe(report.ok ? 0 : 1)
    return report
  }

  const wrongIn = ({ findings }: Report) =>
    findings
      .filter(({ severity }) => severity !== 'ok')
      .map(({ id, severity, found }) => `${id}: ${severity}: ${found}`)

  /** Nothing to say on both, once it is so: what was mended takes effect within seconds. */
  async function allWell(holder = pair.host1, standby = pair.host2): Promise<void> {
    await healthy(holder, standby)
    await Promise.all(
      pair.nodes.map((machine) =>
        waitFor(
          async () => {
            const wrong = wrongIn(await doctor(machine))
            if (wrong.length > 0) throw new Error(wrong.join('\n'))
            return true
          },
          { patienceMs: 20_000, reason: `nothing to say on ${machine.name}`, everyMs: 500 },
        ),
      ),
    )
  }

  const placeOf = ({ on, at }: Break) => ((at ?? on) === 'holder' ? pair.host1 : pair.host2)

  /** null: another mend ends it. */
  function mendOf(broken: Break, finding: Finding): string | null {
    if (broken.mend === 'follows') return null
    const script = broken.mend === 'as told' ? finding.mend : broken.mend
    expect(script, broken.check).not.toBeNull()
    return script
  }

  async function breakAndMend({ breaks, environment, putRight }: Batch): Promise<void> {
    const reports = new Map<string, Report>()
    const findingOf = ({ check, on }: Break) => reports.get(on)?.findings.find(({ id }) => id === check)
    const strikeAndLook = async () => {
      for (const machine of [pair.host1, pair.host2]) {
        const strikes = breaks.filter((broken) => placeOf(broken) === machine).map(({ strike }) => strike)
        if (strikes.length > 0) await machine.shell(strikes.join('\n'), PATIENT)
      }
      for (const on of new Set(breaks.map((broken) => broken.on))) {
        reports.set(on, await doctor(on === 'holder' ? pair.host1 : pair.host2, environment))
      }
    }
    await strikeAndLook()
    const missed = () => breaks.some((broken) => findingOf(broken)?.severity === 'ok')
    for (let again = 0; putRight === true && again < 2 && missed(); again += 1) await strikeAndLook()
    const told = breaks.map((broken) => `${broken.check}: ${findingOf(broken)?.severity}`)
    const typed = new Set<string>()
    for (const broken of breaks) {
      const finding = findingOf(broken)
      const script = finding === undefined ? null : mendOf(broken, finding)
      // What mends several is typed once.
      if (script !== null && !typed.has(script)) await placeOf(broken).shell(script, PATIENT)
      if (script !== null) typed.add(script)
    }
    for (const broken of breaks) if (broken.tidy !== undefined) await placeOf(broken).shell(broken.tidy)
    // Only now, so that the next batch begins with a whole pair.
    expect(told).toEqual(breaks.map(({ check }) => expect.stringMatching(`^${check}: (note|warning|error)$`)))
    await allWell()
  }

  test('has nothing to say of a healthy pair', async () => {
    await allWell()
  })

  test('shows people what it found, and what to type, within seconds', async () => {
    await pair.host2.shell('chmod 0666 /opt/ap-mode')
    const began = performance.now()
    const { stdout, code } = await pair.host2.apmode('doctor', PATIENT)
    expect(performance.now() - began).toBeLessThan(8_000)
    expect([code, stdout]).toEqual([1, expect.stringContaining('chmod 0644 /opt/ap-mode')])
    expect(stdout).toMatch(/host2: \d+ checks: \d+ ok, 1 error\n$/)
    await pair.host2.shell('chmod 0644 /opt/ap-mode')
  })

  test('knows what is meant so: maintenance, and a machine that serves alone, are no errors', async () => {
    const { host1, host2 } = pair
    expect(await host2.apmode('set m --now', PATIENT)).toMatchObject({ code: 0 })
    const reports = await Promise.all([doctor(host1), doctor(host2)])
    const [alone, resting] = reports.map(wrongIn)
    expect([...(alone ?? []), ...(resting ?? [])].filter((line) => line.includes(': error: '))).toEqual([])
    expect(alone).toContainEqual(expect.stringMatching(/^network\.sql-out: warning: .*ECONNREFUSED/))
    expect(resting).toContainEqual(expect.stringMatching(/^pair\.whole: warning: \(m, ap\)/))
    expect(await host2.apmode('rejoin', PATIENT)).toMatchObject({ code: 0 })
    await allWell(host1, host2)
  })

  test('has nothing to say after a handover either', async () => {
    const { host1, host2 } = pair
    expect(await host1.apmode('handover', PATIENT)).toMatchObject({ code: 0 })
    await allWell(host2, host1)
    expect(await host2.apmode('handover', PATIENT)).toMatchObject({ code: 0 })
    await healthy(host1, host2)
  })

  test.each(BATCHES.map((batch) => [batch.name, batch] as const))('finds, and mends: %s', async (_name, batch) => {
    await breakAndMend(batch)
  })
})
