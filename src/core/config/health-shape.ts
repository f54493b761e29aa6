/** The keys of `[health]`: rows of the schema. */
import { row } from './row.ts'
import * as type from './value-types.ts'

export const HEALTH = {
  listen: row(
    'listen',
    type.listen,
    '"127.0.0.1:8008"',
    'Where the read-only HTTP answers; `"off"` closes it. It tells states, never secrets, but to everybody who reaches it. ' +
      'With engine `galera` by default the address of this machine, port 8008: the members ask each other there.',
    { host: '127.0.0.1', port: 8008 },
  ),
  agent_listen: row(
    'agentListen',
    type.listen,
    '"off"',
    'Where HAProxy\'s agent check is answered, as `"0.0.0.0:8009"`: one line, how much this machine is worth for reads.',
    null,
  ),
}
