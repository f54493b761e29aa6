/** The keys of `[hooks]`: rows of the schema. */
import { row } from './row.ts'
import * as type from './value-types.ts'

export const HOOKS = {
  timeout: row(
    'timeoutMs',
    type.seconds(0.1, 600),
    '5.0',
    'How long each program in /etc/apmode/hooks.d may take before it is ended.',
    5_000,
  ),
  without_answer: row(
    'withoutAnswer',
    type.oneOf(['proceed', 'veto']),
    '"proceed"',
    'What follows before a promotion when a hook hangs, is killed or cannot be run: `proceed` serves and says so; `veto` ' +
      'takes it for a no.',
    'proceed',
  ),
}
