/**
 * The questions of `apmode init`, in order, each with its default in brackets. Invariant: an answer with a fault is asked for
 * again, with the words of the configuration's parser; the end of the input changes nothing.
 */
import { parseConfig } from '../../core/config/parse.ts'
import { ANSWER_NAMES, type AnswerName, type Answers, NEEDED, QUESTIONS } from '../../core/init/answers.ts'
import { type Found, guessPeer, withDefaults } from '../../core/init/found.ts'
import { draftOf } from '../../core/init/toml.ts'
import type { SetupMachine } from '../../ports/setup.ts'
import { EXIT, Failure } from '../exit.ts'
import type { Asker } from './asking.ts'

export interface Interview {
  readonly machine: Pick<SetupMachine, 'addressOf'>
  readonly asker: Pick<Asker, 'ask'>
  readonly say: (text: string) => void
}

/** With no answer given everything is asked; otherwise only what is still open. Throws a Failure with exit 3. */
export async function interview({ machine, asker, say }: Interview, found: Found, given: Answers): Promise<Answers> {
  const all = Object.keys(given).length === 0
  let answers: Answers = given
  for (const name of ANSWER_NAMES) {
    const { asks } = QUESTIONS[name]
    if (asks === null || answers[name] !== undefined) continue
    const usual = await defaultOf(name, machine, found, answers, all)
    if (!all && (usual !== undefined || !NEEDED.includes(name))) {
      if (usual !== undefined) answers = { ...answers, [name]: usual }
      continue
    }
    if (name === 'interface' && found.interfaces.length > 1) say(`  found: ${cardsOf(found)}\n`)
    answers = { ...answers, [name]: await answerTo(name, asks, usual) }
  }
  return withDefaults(found, answers)

  async function answerTo(name: AnswerName, asks: string, usual: string | undefined): Promise<string> {
    for (;;) {
      const typed = await asker.ask(`${asks}${usual === undefined ? '' : ` [${usual}]`}: `)
      if (typed === null) throw new Failure(EXIT.refused, 'no answer: nothing was changed')
      const answer = typed.trim() || usual || ''
      const fault = faultOf(name, withDefaults(found, { ...answers, [name]: answer }), found)
      if (answer !== '' && fault === null) return answer
      say(`  ${fault ?? 'an answer is needed'}\n`)
    }
  }
}

async function defaultOf(
  name: AnswerName,
  machine: Interview['machine'],
  found: Found,
  answers: Answers,
  guess: boolean,
): Promise<string | undefined> {
  const { peer } = answers
  if (name === 'peerAddress' && peer !== undefined) return (await machine.addressOf(peer)) ?? undefined
  const usual = withDefaults(found, answers)
  if (name === 'peer' && guess) return guessPeer(usual.node ?? '') ?? undefined
  return usual[name]
}

/** What the parser says of this one answer; what is missing elsewhere has its own question. */
function faultOf(name: AnswerName, answers: Answers, { hostname }: Found): string | null {
  const draft = draftOf(answers)
  const parsed = parseConfig(draft.text, { hostname, nodeFile: answers.node ?? null })
  if (parsed.ok) return null
  const own = parsed.problems.find(
    ({ key, message }) => draft.sources.get(key) === name && !message.startsWith('found nothing'),
  )
  return own?.message.replaceAll(/ \((first on )?line \d+\)/g, '') ?? null
}

const cardsOf = ({ interfaces }: Found) =>
  interfaces.map(({ name, addresses }) => `${name} ${addresses.map(({ address }) => address).join(' ')}`).join(', ')
