import { describe, expect, it } from 'vitest'
import { createNotifier } from '../../../src/adapters/sd-notify.ts'

const ENV = { NOTIFY_SOCKET: '/run/systemd/notify' }

function recorded() {
  const sent: (readonly string[])[] = []
  const answers: ((problem: string | null) => void)[] = []
  const send = (assignments: readonly string[], done: (problem: string | null) => void) => {
    sent.push(assignments)
    answers.push(done)
  }
  return { sent, answers, send }
}

describe('the notifier', () => {
  it('does nothing without a socket', async () => {
    const { sent, send } = recorded()
    const notifier = createNotifier({}, () => {}, send)
    notifier.ready('here')
    await notifier.delivered()
    expect(sent).toEqual([])
    expect(notifier.watchdogEveryMs).toBeNull()
  })

  it('sends one at a time, and of what waits only the newest of each variable', async () => {
    const { sent, answers, send } = recorded()
    const notifier = createNotifier(ENV, () => {}, send)
    notifier.ready('mode ap')
    notifier.watchdog()
    notifier.status('one\ntwo')
    notifier.watchdog()
    notifier.status('three')
    expect(sent).toEqual([['READY=1', 'STATUS=mode ap']])
    answers[0]?.(null)
    expect(sent[1]).toEqual(['WATCHDOG=1', 'STATUS=three'])
    answers[1]?.(null)
    await notifier.delivered()
    expect(sent).toHaveLength(2)
  })

  it('a status is one line', () => {
    const { sent, send } = recorded()
    createNotifier(ENV, () => {}, send).status(' a\nb  c ')
    expect(sent).toEqual([['STATUS=a b c']])
  })

  it('a failure is told once until something gets through again', () => {
    const { answers, send } = recorded()
    const problems: string[] = []
    const notifier = createNotifier(ENV, (sentence) => problems.push(sentence), send)
    for (const answer of ['no', 'no', null, 'no'] as const) {
      notifier.watchdog()
      answers.at(-1)?.(answer)
    }
    expect(problems).toEqual(['cannot notify systemd: no', 'cannot notify systemd: no'])
  })

  it('a program that is not there is a problem, not an exception', async () => {
    const problems: string[] = []
    const notifier = createNotifier({ ...ENV, PATH: '/nowhere' }, (sentence) => problems.push(sentence))
    notifier.watchdog()
    await notifier.delivered()
    expect(problems).toHaveLength(1)
  })

  it('the watchdog is due twice in its time, and only for the process that is meant', () => {
    const mine = { ...ENV, WATCHDOG_USEC: '10000000', WATCHDOG_PID: String(process.pid) }
    expect(createNotifier(mine).watchdogEveryMs).toBe(5000)
    expect(createNotifier({ ...mine, WATCHDOG_PID: '1' }).watchdogEveryMs).toBeNull()
  })
})
