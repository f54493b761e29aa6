/** `apmode completion bash|zsh|fish`: the words of the program, written for a shell. */
import type { Command } from 'commander'
import { bashCompletion } from './bash.ts'
import { fishCompletion } from './fish.ts'
import { wordsOf } from './words.ts'
import { zshCompletion } from './zsh.ts'

export type Shell = 'bash' | 'zsh' | 'fish'

export function renderCompletion(program: Command, shell: Shell): string {
  const words = wordsOf(program)
  switch (shell) {
    case 'bash':
      return bashCompletion(words)
    case 'zsh':
      return zshCompletion(words)
    case 'fish':
      return fishCompletion(words)
  }
}
