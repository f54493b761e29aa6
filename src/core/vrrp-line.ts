/**
 * keepalived's words for what happened to a VRRP instance, as a line of its FIFO (`INSTANCE "VI_1" MASTER 100`) and as
 * the arguments of a notify script (`INSTANCE VI_1 MASTER 100`). Pure. Anything may stand in a FIFO: every text gets an
 * answer, none throws. keepalived 2.2.7, vrrp_notify.c: notify_fifo() and notify_script_exec().
 */
import type { VrrpState } from './vocabulary.ts'

/** keepalived's words that are a change of state, and ours for them. DELETED: a reload took the instance away. */
const STATE_OF: Readonly<Record<string, Exclude<VrrpState, 'init'>>> = {
  MASTER: 'master',
  BACKUP: 'backup',
  FAULT: 'fault',
  STOP: 'stop',
  DELETED: 'stop',
}

/** Words that are no change of state. MASTER_RX_LOWER_PRI: another machine also thought that it was the master. */
export const VRRP_HINTS = ['MASTER_RX_LOWER_PRI', 'MASTER_PRIORITY', 'BACKUP_PRIORITY'] as const
export type VrrpHintWord = (typeof VRRP_HINTS)[number]

export type VrrpLine =
  | { readonly kind: 'event'; readonly state: Exclude<VrrpState, 'init'>; readonly instance: string | null }
  | { readonly kind: 'hint'; readonly word: VrrpHintWord; readonly instance: string | null }
  /** Understood, and of no concern: a sync group, another instance. */
  | { readonly kind: 'other'; readonly sentence: string }
  /** Not understood: what was found and what is expected. */
  | { readonly kind: 'problem'; readonly sentence: string }

const FIFO_LINE = /^(INSTANCE|GROUP) "(.*)" (\S+) (\d+)$/

/** One line of the FIFO, without its newline; only `instance` counts. */
export function parseFifoLine(line: string, instance: string): VrrpLine {
  if (line.trim() === '') return { kind: 'other', sentence: 'an empty line' }
  const [, type, name, word] = FIFO_LINE.exec(line) ?? []
  if (type === undefined || name === undefined || word === undefined) {
    return problem(`${quoted(line)} in keepalived's FIFO, expected INSTANCE "${instance}" MASTER 100`)
  }
  return of(type, name, word, instance)
}

/** What follows `apmode notify`: one word of a state, or keepalived's own four. With `instance` null each one counts. */
export function parseNotifyWords(words: readonly string[], instance: string | null): VrrpLine {
  const [first = '', name = '', word = '', priority] = words
  const type = upper(first)
  if (type === 'INSTANCE' || type === 'GROUP') {
    if (words.length < 3 || words.length > 4 || !/^\d+$/.test(priority ?? '0')) return unknown(words)
    return of(type, name, word, instance)
  }
  const state = words.length === 1 ? STATE_OF[type] : undefined
  return state === undefined ? unknown(words) : { kind: 'event', state, instance: null }
}

function of(type: string, name: string, word: string, instance: string | null): VrrpLine {
  if (type === 'GROUP') return { kind: 'other', sentence: `sync group ${quoted(name)}: only instances count` }
  if (instance !== null && name !== instance) {
    return { kind: 'other', sentence: `instance ${quoted(name)} is not ours (${quoted(instance)})` }
  }
  const known = upper(word)
  const state = STATE_OF[known]
  if (state !== undefined) return { kind: 'event', state, instance: name }
  const hint = VRRP_HINTS.find((candidate) => candidate === known)
  if (hint !== undefined) return { kind: 'hint', word: hint, instance: name }
  return problem(`state ${quoted(word)} of instance ${quoted(name)}, expected MASTER, BACKUP, FAULT or STOP`)
}

/** Of ASCII only: toUpperCase() would make MASTER of a word with a ligature in it. */
function upper(word: string): string {
  return word.replace(/[a-z]/g, (letter) => letter.toUpperCase())
}

function unknown(words: readonly string[]): VrrpLine {
  const found = words.length === 0 ? 'nothing' : quoted(words.join(' '))
  return problem(`${found}, expected master, backup, fault or stop, or keepalived's INSTANCE <name> <STATE> <priority>`)
}

function problem(found: string): VrrpLine {
  return { kind: 'problem', sentence: `found ${found}` }
}

/** Printable and short, whatever it was: it goes to the log. */
function quoted(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text
  return JSON.stringify(short).replace(/[\u007f-\uffff]/g, (char) => (char === '…' ? char : '\ufffd'))
}
