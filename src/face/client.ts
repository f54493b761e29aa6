/**
 * Asks the supervisor over its Unix socket. Each call has a time limit; what goes wrong is a Failure with the exit code.
 * A supervisor that dies before it has said anything is asked once more: systemd's socket brings it back.
 */
import { type IncomingMessage, request } from 'node:http'
import { createInterface } from 'node:readline'
import type { CommandResult, Progress } from '../ports/control.ts'
import type { StepRecord } from '../ports/storage.ts'
import { EXIT, Failure, unreachable } from './exit.ts'
import { Silence } from './silence.ts'
import { failureIn } from './thin.ts'

const ASK_TIMEOUT_MS = 15_000

export class Client {
  readonly socketPath: string

  constructor(socketPath: string) {
    this.socketPath = socketPath
  }

  /** The JSON of an answer with 200; `Answer` is what the supervisor of the same package sends. */
  async ask<Answer>(method: 'GET' | 'POST', path: string, body?: object, timeoutMs = ASK_TIMEOUT_MS): Promise<Answer> {
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      const response = await this.send(method, path, body, signal)
      const text = await textOf(response)
      if (response.statusCode !== 200) throw failureIn(response.statusCode, text)
      return JSON.parse(text)
    } catch (error) {
      if (!signal.aborted) throw failureOf(error, this.socketPath)
      throw new Failure(EXIT.unreachable, `the supervisor at ${this.socketPath} did not answer within ${timeoutMs} ms`)
    }
  }

  /** Runs a command and tells its progress. At the time limit it goes on over there, and the result says so (exit 5). */
  async command(
    path: string,
    body: object,
    timeoutMs: number,
    onProgress: (progress: Progress) => void,
  ): Promise<CommandResult> {
    const signal = AbortSignal.timeout(timeoutMs)
    const done: StepRecord[] = []
    try {
      const response = await this.send('POST', path, body, signal)
      if (response.statusCode !== 200) throw failureIn(response.statusCode, await textOf(response))
      for await (const line of createInterface({ input: response })) {
        const said: Progress | ({ type: 'result' } & CommandResult) = JSON.parse(line)
        if (said.type === 'result') {
          const { type: _, ...result } = said
          return result
        }
        if (said.type === 'step') done.push(stepOf(said))
        onProgress(said)
      }
    } catch (error) {
      if (signal.aborted) return stillGoingOn(timeoutMs, done)
      throw failureOf(error, this.socketPath)
    }
    if (signal.aborted) return stillGoingOn(timeoutMs, done)
    throw lost()
  }

  /**
   * The JSON lines of an answer that does not end by itself. A supervisor that says nothing for `silenceMs` is a Failure; the
   * time in which this process stood still (Ctrl-Z, Ctrl-S) does not count.
   */
  async *lines<Line>(path: string, silenceMs: number, ended: AbortSignal): AsyncGenerator<Line> {
    const silence = new Silence(silenceMs)
    const left = new AbortController()
    const signal = AbortSignal.any([silence.signal, ended, left.signal])
    const silent = () =>
      new Failure(EXIT.unreachable, `the supervisor at ${this.socketPath} has said nothing for ${silenceMs / 1000} s`)
    try {
      const response = await this.send('GET', path, undefined, signal)
      if (response.statusCode !== 200) throw failureIn(response.statusCode, await textOf(response))
      response.on('data', () => silence.broken())
      response.on('error', () => {}) // it is the loop's to throw; after the loop nobody wants it
      for await (const line of createInterface({ input: response })) yield JSON.parse(line)
    } catch (error) {
      if (ended.aborted) return
      if (silence.signal.aborted) throw silent()
      if (codeOf(error) === 'ECONNRESET') throw new Failure(EXIT.unreachable, 'the supervisor has ended the connection')
      throw failureOf(error, this.socketPath)
    } finally {
      silence.end()
      left.abort()
    }
    // Lines end without an error when the answer is cut off between two of them.
    if (silence.signal.aborted && !ended.aborted) throw silent()
  }

  private async send(
    method: string,
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    try {
      return await this.sendOnce(method, path, body, signal)
    } catch (error) {
      if (codeOf(error) !== 'ECONNRESET' && codeOf(error) !== 'EPIPE') throw error
      return await this.sendOnce(method, path, body, signal)
    }
  }

  private sendOnce(
    method: string,
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const asked = request({ socketPath: this.socketPath, method, path, signal, agent: false }, resolve)
      asked.on('error', reject)
      asked.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of response as AsyncIterable<Buffer>) pieces.push(piece)
  return Buffer.concat(pieces).toString('utf8')
}

function stepOf({ step, sentence, ms, ok, detail }: StepRecord): StepRecord {
  return { step, sentence, ms, ok, detail }
}

function stillGoingOn(timeoutMs: number, done: readonly StepRecord[]): CommandResult {
  const sentence = `still going on after ${timeoutMs / 1000} s; apmode status shows how far it is`
  return { exit: EXIT.stillGoingOn, sentence, done, notDone: [] }
}

function lost(): Failure {
  return new Failure(
    EXIT.unreachable,
    'the supervisor went away in the middle; the next one finishes or undoes what was begun, apmode status shows it',
  )
}

function failureOf(error: unknown, socketPath: string): Failure {
  if (error instanceof Failure) return error
  const code = codeOf(error)
  if (code === 'ECONNRESET' || code === 'EPIPE') return lost()
  const message = error instanceof Error ? error.message : String(error)
  if (code !== undefined) return unreachable(socketPath, code, message)
  return new Failure(EXIT.failed, `the supervisor's answer cannot be understood: ${message}`)
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
