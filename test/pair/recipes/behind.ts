/** The servers behind a balancer, on the client's side of the switch, each with an address of its own. */
import type { RunNames } from '../lab/names.ts'
import { type Program, runAsClient, startProgram } from '../lab/program.ts'
import type { Backend } from './backends.ts'

const PROGRAM = new URL('./backends.ts', import.meta.url).pathname

export async function startBackends(names: RunNames, backends: readonly Backend[]): Promise<Program> {
  for (const address of new Set(backends.map((backend) => backend.address))) {
    await runAsClient(names, ['ip', 'address', 'add', `${address}/24`, 'dev', 'eth0'])
  }
  return startProgram(names, [process.execPath, PROGRAM, JSON.stringify(backends)])
}
