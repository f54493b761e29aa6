import { mkdtempSync, rmSync } from 'node:fs'
import { request, type Server } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { listenOnControlSocket } from '../../../../src/adapters/control/listen.ts'
import { controlServer } from '../../../../src/adapters/control/server.ts'
import { ApmodeError } from '../../../../src/core/errors.ts'
import { A_PLAN, A_STATUS, A_STEP, AN_ENTRY, DONE, FakeControl } from '../../../fakes/control.ts'
import { type Answer, ask } from './ask.ts'

/** With a patience that a busy machine does not exhaust. */
const eventually = <T>(claim: () => T) => vi.waitFor(claim, { timeout: 10_000, interval: 10 })

let folder: string
let socketPath: string
let control: FakeControl
let server: Server

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'apmode-control-'))
  socketPath = join(folder, 'apmode.sock')
  control = new FakeControl()
  server = controlServer(control, { requestTimeoutMs: 300 })
  await listenOnControlSocket(server, socketPath, {})
})
afterEach(() => {
  server.close()
  server.closeAllConnections()
  rmSync(folder, { recursive: true, force: true })
})

const get = (path: string) => ask({ socketPath }, 'GET', path)
const post = (path: string, body: unknown, headers = {}) =>
  ask({ socketPath }, 'POST', path, typeof body === 'string' ? body : JSON.stringify(body), headers)
const json = (answer: Answer) => JSON.parse(answer.text)
const lines = (answer: Answer) =>
  answer.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

/** Writes raw bytes and gives everything that comes back until the server closes. */
function raw(text: string): Promise<string> {
  return new Promise((resolve) => {
    const client = connect(socketPath, () => client.write(text))
    let all = ''
    client.on('data', (piece) => {
      all += piece
    })
    client.on('error', () => {})
    client.on('close', () => resolve(all))
  })
}

describe('the control socket', () => {
  it('accepts an event with 202 as soon as it is queued', async () => {
    const answer = await post('/notify', { state: 'master', instance: 'VI_1' })
    expect(answer.status).toBe(202)
    expect(control.asked).toEqual([{ notify: { state: 'master', instance: 'VI_1', source: 'notify' } }])
  })

  it('answers 200 to an event that is of no concern, and says why', async () => {
    control.accepted = false
    const answer = await post('/notify', { state: 'fault' })
    expect(answer.status).toBe(200)
    expect(json(answer)).toEqual({ accepted: false, sentence: expect.stringContaining('not ours') })
  })

  it('accepts 1,000 events in bursts of 50', async () => {
    for (let burst = 0; burst < 20; burst++) {
      const state = burst % 2 ? 'backup' : 'master'
      const answers = await Promise.all(Array.from({ length: 50 }, () => post('/notify', { state })))
      expect(answers.every((answer) => answer.status === 202)).toBe(true)
    }
    expect(control.asked).toHaveLength(1000)
  })

  it('gives the mode, the status, the history and the checks as JSON', async () => {
    expect(json(await get('/mode'))).toEqual({ mode: 'ap', being: null, problem: null })
    expect(json(await get('/status'))).toEqual(A_STATUS)
    expect(json(await get('/history?n=5'))).toEqual([AN_ENTRY])
    expect(control.asked).toContainEqual({ history: 5 })
    const check = await get('/check?what=router,nginx.service')
    expect(check.status).toBe(200)
    expect(json(check)).toMatchObject({ ok: true, items: [{ what: 'router' }, { what: 'nginx.service' }] })
  })

  it('answers a failing check with 503', async () => {
    control.failing = ['database']
    const answer = await get('/check')
    expect(answer.status).toBe(503)
    expect(json(answer).ok).toBe(false)
  })

  it('tells the steps of a command as lines, and its result last', async () => {
    const answer = await post('/set', { mode: 'm', now: true })
    expect(answer.headers['content-type']).toContain('application/x-ndjson')
    expect(lines(answer)).toEqual([
      { type: 'begin', step: A_STEP.step, sentence: A_STEP.sentence },
      { type: 'step', ...A_STEP },
      { type: 'result', ...DONE },
    ])
    expect(control.asked).toEqual([{ set: { mode: 'm', now: true, force: false } }])
  })

  it.each(['start', 'stop', 'restart'])('takes %s without a body', async (command) => {
    expect(lines(await post(`/${command}`, '')).at(-1)).toMatchObject({ type: 'result', exit: 0 })
    expect(control.asked).toEqual([{ units: command }])
  })

  it.each([
    [0, 200],
    [1, 500],
    [2, 400],
    [3, 409],
    [5, 504],
  ] as const)('gives only the result when JSON is wanted: exit %i as %i', async (exit, status) => {
    control.result = { ...DONE, exit }
    const answer = await post('/stop', {}, { accept: 'application/json' })
    expect(answer.status).toBe(status)
    expect(json(answer)).toEqual({ ...DONE, exit })
  })

  it('makes a result of a command that throws', async () => {
    control.error = new ApmodeError('storage', 'cannot write the mode file /opt/ap-mode: no space left on the disk')
    expect(lines(await post('/set', { mode: 'ap' })).at(-1)).toMatchObject({
      type: 'result',
      exit: 1,
      sentence: expect.stringContaining('no space left'),
    })
  })

  it('ends a command with 2 when there is no configuration that can be used', async () => {
    control.error = new ApmodeError('config', 'cannot supervise: the configuration cannot be used')
    expect(lines(await post('/start', '')).at(-1)).toMatchObject({ type: 'result', exit: 2 })
  })

  it('shows steps while the command still works, and goes on when the client has gone', async () => {
    let open = () => {}
    control.gate = new Promise((resolve) => {
      open = resolve
    })
    let seen = ''
    const client = request({ socketPath, method: 'POST', path: '/stop', agent: false }, (response) => {
      response.on('data', (piece) => {
        seen += piece
      })
      response.on('error', () => {})
    })
    client.on('error', () => {})
    client.end()
    await eventually(() => expect(seen).toContain('"step"'))
    client.destroy()
    open()
    expect((await get('/mode')).status).toBe(200)
  })

  it('plans without doing', async () => {
    expect(json(await post('/plan', { command: 'set', mode: 'm' }))).toEqual(A_PLAN)
    expect(json(await post('/set', { mode: 'm', dryRun: true }))).toEqual(A_PLAN)
    await post('/plan', { command: 'notify', state: 'fault' })
    await post('/plan', { command: 'restart' })
    const set = { plan: { command: 'set', mode: 'm', now: false, force: false } }
    expect(control.asked).toEqual([
      set,
      set,
      { plan: { command: 'notify', state: 'fault' } },
      { plan: { command: 'restart' } },
    ])
  })

  it.each([
    ['/notify', '{"state"', 'the body is not JSON'],
    ['/notify', '\u0000\u0001', 'the body is not JSON'],
    ['/notify', '[]', 'no object'],
    ['/notify', '{}', 'state is missing, expected master, backup, fault, stop'],
    ['/notify', '{"state":"init"}', 'state is "init"'],
    ['/notify', '{"state":"master","instance":5}', 'instance is 5'],
    ['/notify', '{"state":"master","source":"me"}', 'source is "me"'],
    ['/set', '{"mode":"x"}', 'mode is "x", expected ap, m, s'],
    ['/set', '{"mode":"ap","now":"yes"}', 'now is "yes", expected true or false'],
    ['/set', '{"mode":"ap","when":1}', 'unknown field "when"'],
    ['/stop', '{"now":true}', 'unknown field "now"'],
    ['/plan', '{"command":"set","mode":"m","state":"master"}', 'unknown field "state"'],
    ['/plan', '{"command":"toString"}', 'command is "toString"'],
  ])('answers 400 to %s %j, and says what was found', async (path, body, found) => {
    const answer = await post(path, body)
    expect(answer.status).toBe(400)
    expect(json(answer).error).toContain(found)
    expect(control.asked).toEqual([])
  })

  it.each(['/history?n=0', '/history?n=-1', '/history?n=1e3', '/history?n=99999999', '/check?what=disk'])(
    'answers 400 to %s',
    async (path) => {
      expect((await get(path)).status).toBe(400)
    },
  )

  it('answers 405 with Allow to a wrong method, 404 to an unknown path', async () => {
    const wrong = await get('/notify')
    expect([wrong.status, wrong.headers.allow]).toEqual([405, 'POST'])
    const other = await ask({ socketPath }, 'DELETE', '/status')
    expect([other.status, other.headers.allow]).toEqual([405, 'GET, HEAD'])
    const unknown = await get('/__proto__')
    expect(unknown.status).toBe(404)
    expect(json(unknown).error).toContain('expected /notify')
  })

  it('answers 413 to a body over 64 KiB, with or without a declared length', async () => {
    const long = `{"state":"${'x'.repeat(70_000)}"}`
    expect((await post('/notify', long)).status).toBe(413)
    expect((await post('/notify', long, { 'transfer-encoding': 'chunked' })).status).toBe(413)
    expect(control.asked).toEqual([])
  })

  it.each([
    ['408', 'did not end in time', 'POST /notify HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{"sta'],
    ['400', 'no HTTP request', 'hello\r\n\r\n'],
    ['431', 'longer than 8192 bytes', `GET /mode HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`],
  ])('answers %s (%s) to what never becomes a request, and stands', async (status, sentence, text) => {
    const answer = await raw(text)
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '').error).toContain(sentence)
    expect((await get('/mode')).status).toBe(200)
  })

  it('answers 500 when something breaks, and stands', async () => {
    control.broken = true
    const answer = await get('/mode')
    expect(answer.status).toBe(500)
    expect(json(answer)).toEqual({ error: 'cannot answer: made to fail', code: 'failed' })
  })
})
