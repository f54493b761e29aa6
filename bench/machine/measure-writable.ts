/**
 * From the event to a writable database on an idle replica, in turn: as keepalived does it, the FIFO's line alone,
 * `apmode notify` alone, and the floor. Each promotion is a whole one (mode `s`, unit files), and undone before the next.
 */
import type { StepRecord } from '../../src/ports/storage.ts'
import { type Floor, measureFloor } from './floor.ts'
import { IsolatedStandby } from './isolated.ts'
import { digits, median, ms, spreadOf } from './numbers.ts'
import { emptyProcess, type Promotion, promote, type Trigger } from './promotion.ts'
import type { Explanation, Measurement, ResultRow } from './result.ts'

const AIM_MS = 20
const AIM_RATIO = 1.5
/** Not measured: what is slow only the first time after a start. */
const WARM_UP = 1
const LABEL: Readonly<Record<Trigger, string>> = {
  'address and FIFO': 'VIP, then FIFO → writable (as keepalived does it)',
  FIFO: 'FIFO → writable',
  notify: '`apmode notify master` → writable',
}
const TRIGGERS: readonly Trigger[] = ['FIFO', 'address and FIFO', 'notify']

export const measureWritable: Measurement = async ({ pair, runs, say }) => {
  say('event → writable: host2 is made a standby by itself')
  const isolated = await IsolatedStandby.begin(pair)
  const promotions: Record<Trigger, Promotion[]> = { FIFO: [], 'address and FIFO': [], notify: [] }
  const refused: Promotion[] = []
  const floors: Floor[] = []
  const empty: number[] = []
  try {
    for (let round = -WARM_UP; round < runs; round += 1) {
      for (const trigger of TRIGGERS) {
        const promotion = await promoteBy(isolated, trigger)
        if (round >= 0) promotions[trigger].push(promotion)
        await isolated.bringBack()
      }
      const floor = await measureFloor(isolated)
      const process = await emptyProcess(isolated)
      if (round >= 0) {
        floors.push(floor)
        empty.push(process)
      }
      if (round >= 0) say(`event → writable: ${round + 1} of ${runs}`)
    }
    const few = Math.max(3, Math.round(runs / 4))
    for (let round = 0; round < few; round += 1) {
      await isolated.primary('refused')
      refused.push(await promoteBy(isolated, 'FIFO'))
      await isolated.primary('read-only')
      await isolated.bringBack()
      say(`event → writable, the old primary dead: ${round + 1} of ${few}`)
    }
  } finally {
    isolated.end()
  }
  const floorMs = median(floors.map((floor) => floor.totalMs))
  const processMs = median(empty)
  const rows = TRIGGERS.flatMap((trigger) => rowsOf(trigger, promotions[trigger], floorMs, processMs))
  return {
    rows,
    explanations: [
      breakdown(promotions.FIFO, floors),
      {
        title: 'Other ways to the same',
        head: ['what', 'median and p95'],
        rows: [
          ...TRIGGERS.map((trigger) => [LABEL[trigger], ms(spreadOf(totals(promotions[trigger])))]),
          ['FIFO → writable, the old primary dead', ms(spreadOf(totals(refused)))],
          ["an empty process (`node -e ''`), for `notify`", ms(spreadOf(empty))],
          ['the floor', ms(spreadOf(floors.map((floor) => floor.totalMs)))],
        ],
      },
    ],
    raw: { promotions, refused, floors, empty },
  }
}

/** Again, if the supervisor came to look by itself in the moment between the VIP and the event. */
async function promoteBy(isolated: IsolatedStandby, trigger: Trigger): Promise<Promotion> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const promotion = await promote(isolated, trigger)
    const { source } = promotion.entry
    if (trigger === 'address and FIFO' || source === trigger.toLowerCase()) return promotion
    await isolated.bringBack()
  }
  throw new Error(`cannot measure ${trigger}: the supervisor always heard of it in another way before`)
}

const totals = (promotions: readonly Promotion[]) => promotions.map(({ totalMs }) => totalMs)

function rowsOf(trigger: Trigger, promotions: readonly Promotion[], floorMs: number, processMs: number): ResultRow[] {
  const spread = spreadOf(totals(promotions))
  // What starts a process cannot be faster than a process.
  const floor = trigger === 'notify' ? floorMs + processMs : floorMs
  const ratio = spread.median / floor
  const absolute = trigger === 'notify' ? null : AIM_MS
  return [
    {
      what: LABEL[trigger],
      value: ms(spread),
      aim: absolute === null ? null : `median ≤ ${absolute} ms`,
      met: absolute === null ? null : spread.median <= absolute,
    },
    {
      what: trigger === 'notify' ? '… against the floor and an empty process' : '… against the floor',
      value: `${ratio.toFixed(2)} × ${digits(floor)} ms`,
      aim: `≤ ${AIM_RATIO} ×`,
      met: ratio <= AIM_RATIO,
    },
  ]
}

/** Where the time goes, medians: what lies before the first step, each step until writes are allowed, and what comes after. */
function breakdown(promotions: readonly Promotion[], floors: readonly Floor[]): Explanation {
  const until = promotions.map(({ entry, totalMs }) => {
    const steps = entry.steps.slice(0, entry.steps.findIndex(({ step }) => step === 'allow-writes') + 1)
    const after = entry.steps.slice(steps.length)
    return { steps, after, around: totalMs - sum(steps) }
  })
  const names = [...new Set(until.flatMap(({ steps }) => steps.map(({ step }) => step)))]
  const floorOf = (name: string) => digits(median(floors.map(({ parts }) => parts[name] ?? Number.NaN)))
  const stepOf = (name: string) =>
    digits(median(until.map(({ steps }) => sum(steps.filter(({ step }) => step === name)))))
  return {
    title: 'FIFO → writable, step by step (medians, ms)',
    head: ['step', 'apmode', 'floor'],
    rows: [
      [
        'hear, look, decide, `being s` and `s` on the disk',
        digits(median(until.map(({ around }) => around))),
        `${floorOf('look')} (the look)`,
      ],
      ...names.map((name) => [`\`${name}\``, stepOf(name), floorOf(name)]),
      ['**writable**', digits(median(totals(promotions))), digits(median(floors.map(({ totalMs }) => totalMs)))],
      ['after it: unit files, the record', digits(median(until.map(({ after }) => sum(after)))), '–'],
    ],
  }
}

function sum(steps: readonly StepRecord[]): number {
  return steps.reduce((total, step) => total + step.ms, 0)
}
