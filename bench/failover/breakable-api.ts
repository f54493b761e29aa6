/**
 * The pair's API with one thing more: while a file is there, it answers 500 to everything. For the bench only.
 * Invariant: without the file it is the lab's API to the letter.
 */
import { installApi } from '../../test/pair/api/install.ts'
import type { LabNode } from '../../test/pair/lab/node.ts'

export const API_BREAKER = '/run/api-answers-500'
const PROGRAM = '/usr/local/lib/api/api.py'
const ANSWER = '    def answer(self, status, body):\n'
const BROKEN = `${ANSWER}        if os.path.exists("${API_BREAKER}"):
            status, body = 500, {"node": NODE, "error": "broken on purpose"}
`

export async function installBreakableApi(node: LabNode): Promise<void> {
  await installApi(node)
  await breakable(node)
}

/** Changes the API that is installed already. */
export async function breakable(node: LabNode): Promise<void> {
  const program = await node.readFile(PROGRAM)
  if (!program.includes(ANSWER)) throw new Error(`cannot make the API breakable: no "${ANSWER.trim()}" in ${PROGRAM}`)
  await node.writeFile(PROGRAM, program.replace(ANSWER, BROKEN))
}
