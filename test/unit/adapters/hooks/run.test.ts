import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runHook } from '../../../../src/adapters/hooks/run.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'apmode-hooks-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

let count = 0
function hook(text: string): string {
  count += 1
  const path = join(folder, `hook-${count}`)
  writeFileSync(path, text)
  chmodSync(path, 0o755)
  return path
}
const shell = (script: string) => hook(`#!/bin/sh\n${script}\n`)
const CALL = { phase: 'pre', event: 'promote', environment: { APMODE_NODE: 'host1' }, timeoutMs: 5_000 } as const
const alive = (pid: number) =>
  existsSync(`/proc/${pid}`) && !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
const pidIn = (path: string) => Number(readFileSync(path, 'utf8'))
const written = (path: string) =>
  expect.poll(() => existsSync(path) && readFileSync(path, 'utf8').endsWith('\n'), { timeout: 5_000 }).toBe(true)

describe('a hook', () => {
  test('that ends with 0 says yes; it gets phase and event as words, and no variable but its own', async () => {
    process.env.SECRET_OF_THE_SUPERVISOR = 'x'
    const outcome = await runHook(shell('echo "$0 $1 $2"; env | sort; pwd; cat'), CALL)
    expect(outcome).toMatchObject({ answer: 'yes', detail: '' })
    expect(outcome.output).toContain(' pre promote\n')
    expect(outcome.output).toContain('APMODE_NODE=host1\n')
    expect(outcome.output).not.toContain('SECRET_OF')
    const names = [...outcome.output.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name)
    expect(names.filter((name) => !['PWD', 'SHLVL', 'OLDPWD', '_'].includes(name ?? ''))).toEqual([
      'APMODE_NODE',
      'HOME',
      'LANG',
      'PATH',
    ])
  })

  test('that ends with another number says no, for the reason that it gives first on stderr', async () => {
    const outcome = await runHook(
      shell('echo not this; echo "the \\033[1marray rebuilds" >&2; echo more >&2; exit 3'),
      CALL,
    )
    expect(outcome).toMatchObject({ answer: 'no', detail: 'the  [1marray rebuilds' })
    expect(await runHook(shell('exit 4'), CALL)).toMatchObject({ answer: 'no', detail: 'ended with 4' })
  })

  test.each([
    ['is killed', '#!/bin/sh\nkill -9 $$', 'killed by SIGKILL'],
    ['calls what is not there', '#!/bin/sh\nno-such-program', 'ended with 127'],
    ['names no interpreter that exists', '#!/no/such/shell\n', 'it cannot be run'],
  ])('that %s gives no answer', async (_what, text, detail) => {
    const outcome = await runHook(hook(text), CALL)
    expect(outcome.answer).toBe('none')
    expect(outcome.detail).toContain(detail)
  })

  test('that hangs is ended at its limit, with everything that it has started, also what ignores SIGTERM', async () => {
    const pids = join(folder, 'hang-pid')
    const begun = performance.now()
    const outcome = await runHook(
      shell(`trap '' TERM; sh -c 'trap "" TERM; echo $$ > ${pids}; sleep 60' & wait; sleep 60`),
      {
        ...CALL,
        timeoutMs: 500,
      },
    )
    expect(performance.now() - begun).toBeLessThan(1_500)
    expect(outcome).toMatchObject({ answer: 'none', detail: 'no answer within 0.5 s' })
    await written(pids)
    await expect.poll(() => alive(pidIn(pids)), { timeout: 5_000 }).toBe(false)
  })

  test('that is aborted ends the call at once, before its process is gone', async () => {
    const aborter = new AbortController()
    const pids = join(folder, 'abort-pid')
    const running = runHook(shell(`trap '' TERM; echo $$ > ${pids}; while :; do sleep 1; done`), {
      ...CALL,
      signal: aborter.signal,
    })
    await written(pids)
    const begun = performance.now()
    aborter.abort(new Error('G8 newest wins: FAULT takes over'))
    expect(await running).toMatchObject({ answer: 'none', detail: 'ended: G8 newest wins: FAULT takes over' })
    expect(performance.now() - begun).toBeLessThan(50)
    await expect.poll(() => alive(pidIn(pids)), { timeout: 5_000 }).toBe(false)
  })

  test('ends the call when it ends itself, whatever it leaves behind with its pipes, and that lives on', async () => {
    const pids = join(folder, 'left-pid')
    const begun = performance.now()
    const outcome = await runHook(shell(`sleep 30 & echo $! > ${pids}; echo told`), CALL)
    expect(performance.now() - begun).toBeLessThan(3_000)
    expect(outcome).toMatchObject({ answer: 'yes', output: 'told\n' })
    expect(alive(pidIn(pids))).toBe(true)
    process.kill(pidIn(pids), 'SIGKILL')
  })

  test('never waits for a reader, and of what it writes 4 kB are kept', async () => {
    const outcome = await runHook(shell('head -c 3000000 /dev/zero | tr "\\0" x; echo done >&2'), CALL)
    expect(outcome.answer).toBe('yes')
    expect(outcome.output.length).toBe(4_096)
  })
})
