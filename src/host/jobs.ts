/** An operator's work as a job of the one queue: it waits for its turn, and its end is a result whatever happens. */
import { ApmodeError, messageOf } from '../core/errors.ts'
import type { CommandResult, Progress } from '../ports/control.ts'
import type { JobQueue } from './queue.ts'

export type Tell = (progress: Progress) => void

export function refused(guard: string, sentence: string): CommandResult {
  return { exit: 3, sentence, done: [], notDone: [], refusedBy: guard }
}

export function failed(sentence: string): CommandResult {
  return { exit: 1, sentence, done: [], notDone: [] }
}

/** `withdraws`: it takes rights away, so it stops what another job is granting (G8). Never rejects. */
export function asJob(
  queue: JobQueue,
  job: { readonly name: string; readonly withdraws: boolean },
  tell: Tell,
  work: (grants: AbortSignal) => Promise<CommandResult>,
): Promise<CommandResult> {
  if (queue.running !== null) tell({ type: 'note', sentence: `waiting for ${queue.running.name} to end` })
  return new Promise((resolve) => {
    const accepted = queue.push({
      ...job,
      run: async (grants) => {
        try {
          resolve(await work(grants))
        } catch (thrown) {
          resolve(failed(messageOf(thrown)))
          if (!(thrown instanceof ApmodeError)) throw thrown
        }
      },
    })
    if (!accepted) resolve(failed('the supervisor is stopping'))
  })
}
