/**
 * A real Chromium without a window, spoken to by the DevTools protocol: only what the tests of the page need. Invariant: it
 * and its folder are gone when it is closed, and every question to it has a time limit.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const CHROMIUM = '/usr/bin/chromium'
const LIMIT_MS = 20_000

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

export async function startChromium(): Promise<Chromium> {
  const folder = mkdtempSync(join(tmpdir(), 'apmode-chromium-'))
  const child = spawn(
    CHROMIUM,
    [
      '--headless=new',
      // As root Chromium starts only like this; it opens nothing but a page of this repository.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--no-first-run',
      '--remote-debugging-port=0',
      `--user-data-dir=${folder}`,
      'about:blank',
    ],
    { stdio: 'ignore', detached: true },
  )
  const end = async () => {
    await ended(child)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
  try {
    const socket = await connected(await endpointOf(folder, child))
    const protocol = protocolOf(socket)
    return {
      open: () => openTab(protocol),
      close: async () => {
        socket.close()
        await end()
      },
    }
  } catch (thrown) {
    await end()
    throw thrown
  }
}

/** It writes its port and path into its folder once it listens. */
async function endpointOf(folder: string, child: ChildProcess): Promise<string> {
  const file = join(folder, 'DevToolsActivePort')
  const until = performance.now() + LIMIT_MS
  while (performance.now() < until) {
    const [port, path] = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
    if (port && path) return `ws://127.0.0.1:${port}${path}`
    if (child.exitCode !== null) throw new Error(`cannot start Chromium: it ended with ${child.exitCode}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`cannot start Chromium: it did not listen within ${LIMIT_MS} ms`)
}

function connected(address: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address)
    socket.addEventListener('open', () => resolve(socket))
    socket.addEventListener('error', () => reject(new Error(`cannot connect to Chromium at ${address}`)))
  })
}

/** The whole process group: renderers and helpers too. */
function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.pid === undefined || child.exitCode !== null) return resolve()
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

function protocolOf(socket: WebSocket): Protocol {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (reason: Error) => void }>()
  const listeners: Protocol['listeners'] = new Set()
  let last = 0
  socket.addEventListener('message', ({ data }) => {
    const { id, result, error, method, params, sessionId } = JSON.parse(String(data)) as Message
    if (method !== undefined) for (const listener of listeners) listener(sessionId, method, params ?? {})
    const asked = id === undefined ? undefined : waiting.get(id)
    if (id === undefined || asked === undefined) return
    waiting.delete(id)
    if (error === undefined) asked.resolve(result as never)
    else asked.reject(new Error(error.message))
  })
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
        socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }))
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
