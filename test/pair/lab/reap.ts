/** The reaper's program: removes one run (see cleanup.ts). Usage: node reap.ts RUN-ID */
import { removeRun } from './cleanup.ts'

for (const id of process.argv.slice(2)) removeRun(id)
