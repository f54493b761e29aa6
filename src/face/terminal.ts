/**
 * Where a command writes: results to stdout, messages to stderr. Colour only on a terminal and without NO_COLOR
 * (no-color.org). A test hands in another one.
 */
import { styleText } from 'node:util'

export type Style = 'green' | 'red' | 'yellow' | 'dim' | 'bold' | 'cyan'

export interface Terminal {
  out(text: string): void
  err(text: string): void
  readonly outIsTerminal: boolean
  readonly errIsTerminal: boolean
  /** Columns of stdout; Infinity where it is no terminal. */
  readonly width: number
  readonly environment: NodeJS.ProcessEnv
}

export type Paint = (style: Style, text: string) => string

export function realTerminal(): Terminal {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    outIsTerminal: process.stdout.isTTY === true,
    errIsTerminal: process.stderr.isTTY === true,
    get width() {
      return process.stdout.isTTY === true ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY
    },
    environment: process.env,
  }
}

export function painter(isTerminal: boolean, environment: NodeJS.ProcessEnv): Paint {
  const colour = isTerminal && !environment.NO_COLOR && environment.TERM !== 'dumb'
  return colour ? (style, text) => styleText(style, text, { validateStream: false }) : (_style, text) => text
}
