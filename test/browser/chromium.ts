/**
 * A real Chromium without a window, spoken to by the DevTools protocol over a pipe: only what the tests of the page need.
 * Invariant: it and its folder are gone when it is closed, it ends when this process does (the pipe ends), it listens
 * nowhere, and every question to it has a time limit.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

const CHROMIUM = '/usr/bin/chromium'
const LIMIT_MS = 20_000

/** As a sentence; null: it can be started. */
export const whyNoChromium = (): string | null => (existsSync(CHROMIUM) ? null : `there is no ${CHROMIUM}`)

type Json = Readonly<Record<string, unknown>>

export interface Tab {
  send<T = Json>(method: string, params?: Json): Promise<T>
  /** The value of an expression in the page; what it throws is thrown here. */
  evaluate<T>(expression: string): Promise<T>
  /** Called for each event of this name from now on. */
  on(method: string, listener: (params: Json) => void): void
  close(): Promise<void>
}

export interface Chromium {
  open(): Promise<Tab>
  close(): Promise<void>
}

/** `namespace`: the network namespace that it lives in; this process's own when absent. */
export async function startChromium(namespace?: string): Promise<Chromium> {
  const folder = mkdtempSync(join(tmpdir(), 'apmode-chromium-'))
  const inside = namespace === undefined ? [] : ['nsenter', `--net=/run/netns/${namespace}`]
  const [program = CHROMIUM, ...args] = [
    ...inside,
    CHROMIUM,
    '--headless=new',
    // As root Chromium starts only like this; it opens nothing but a page of this repository.
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    '--disable-component-update',
    '--no-first-run',
    '--remote-debugging-pipe',
    `--user-data-dir=${folder}`,
    'about:blank',
  ]
  // It reads from 3 and writes to 4.
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true })
  const end = async () => {
    await ended(child)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
  const protocol = protocolOf(child)
  try {
    await protocol.send('Browser.getVersion', {})
  } catch (thrown) {
    await end()
    throw new Error('cannot start Chromium', { cause: thrown })
  }
  return { open: () => openTab(protocol), close: end }
}

/** The whole process group: renderers and helpers too. */
function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    process.kill(-child.pid, 'SIGKILL')
  })
}

interface Protocol {
  send<T>(method: string, params: Json, sessionId?: string): Promise<T>
  readonly listeners: Set<(sessionId: string | undefined, method: string, params: Json) => void>
}

interface Message {
  readonly id?: number
  readonly result?: unknown
  readonly error?: { readonly message: string }
  readonly method?: string
  readonly params?: Json
  readonly sessionId?: string
}

/** JSON messages, each ended by a zero byte. */
function protocolOf(child: ChildProcess): Protocol {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (reason: Error) => void }>()
  const listeners: Protocol['listeners'] = new Set()
  const [input, output] = [child.stdio[3] as Writable, child.stdio[4] as Readable]
  let last = 0
  let text = ''
  const heard = ({ id, result, error, method, params, sessionId }: Message) => {
    if (method !== undefined) for (const listener of listeners) listener(sessionId, method, params ?? {})
    const asked = id === undefined ? undefined : waiting.get(id)
    if (id === undefined || asked === undefined) return
    waiting.delete(id)
    if (error === undefined) asked.resolve(result as never)
    else asked.reject(new Error(error.message))
  }
  output.setEncoding('utf8').on('data', (piece: string) => {
    const messages = (text + piece).split('\0')
    text = messages.pop() ?? ''
    for (const message of messages) heard(JSON.parse(message) as Message)
  })
  // It ended: whoever waits is told by its time limit, or by this.
  const gone = () => {
    for (const { reject } of waiting.values()) reject(new Error('Chromium has ended'))
    waiting.clear()
  }
  child.on('error', gone)
  child.on('exit', gone)
  for (const pipe of [input, output]) pipe.on('error', gone)
  return {
    listeners,
    send: (method, params, sessionId) =>
      new Promise((resolve, reject) => {
        const id = ++last
        const late = setTimeout(() => reject(new Error(`no answer of Chromium to ${method}`)), LIMIT_MS)
        const settled =
          <T>(settle: (value: T) => void) =>
          (value: T) => {
            clearTimeout(late)
            settle(value)
          }
        waiting.set(id, { resolve: settled(resolve), reject: settled(reject) })
        input.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`)
      }),
  }
}

async function openTab({ send, listeners }: Protocol): Promise<Tab> {
  const { targetId } = await send<{ targetId: string }>('Target.createTarget', { url: 'about:blank' })
  const { sessionId } = await send<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true })
  const tab: Tab = {
    send: <T>(method: string, params: Json = {}) => send<T>(method, params, sessionId),
    evaluate: async <T>(expression: string) => {
      interface Evaluated {
        readonly result: { readonly value: T }
        readonly exceptionDetails?: { readonly text: string; readonly exception?: { readonly description?: string } }
      }
      const params = { expression, returnByValue: true, awaitPromise: true }
      const { result, exceptionDetails } = await tab.send<Evaluated>('Runtime.evaluate', params)
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
      return result.value
    },
    on: (method, listener) => {
      listeners.add((session, name, params) => {
        if (session === sessionId && name === method) listener(params)
      })
    },
    close: async () => {
      await send('Target.closeTarget', { targetId })
    },
  }
  for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await tab.send(`${domain}.enable`)
  return tab
}
