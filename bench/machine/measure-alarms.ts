/**
 * False alarms: an hour's worth of checks, compressed, on both machines with every core taken. Thirty services are asked side
 * by side, so two minutes hold as many checks as one service is asked in an hour; a client writes every 10 ms beside it.
 * Counted: checks that were answered, alarms raised, and whatever moved (VRRP, lead, modes). All but the first must be zero.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { CONFIG, healthy, type Machine } from '../../test/pair/apmode-pair.ts'
import { startClient } from '../../test/pair/lab/client.ts'
import type { Measurement } from './result.ts'

const SERVICES = 30
const CHECK = 'check = "http://127.0.0.1:8080/"'
const MINUTE = 60_000
const HOGS = 4
const SAY_EVERY_MS = 30_000

function configuration(): string {
  const more = Array.from({ length: SERVICES - 1 }, (_, index) => unitOf(index + 1))
  return CONFIG.replace('kind = "api"', `kind = "api"\n${CHECK}\n${more.join('\n')}`)
}

const unitOf = (index: number) =>
  `\n[[unit]]\nname = "asked-${index}.service"\nkind = "other"\ncheck = "tcp://127.0.0.1:8080"`

async function askMore(machine: Machine): Promise<void> {
  for (let index = 1; index < SERVICES; index += 1) {
    await machine.writeFile(
      `/usr/local/lib/systemd/system/asked-${index}.service`,
      '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n',
    )
  }
  await machine.writeFile('/etc/apmode/apmode.toml', configuration())
  await machine.shell(`systemctl daemon-reload; systemctl start $(seq -f asked-%g.service 1 ${SERVICES - 1})`)
  await machine.shell('systemctl reload apmode')
}

const connections = async (machine: Machine) =>
  Number((await machine.must(['mariadb', '-N', '-e', "SHOW GLOBAL STATUS LIKE 'Connections'"])).split('\t')[1])

/** Alarms, and everything that moved. */
async function troubles(machine: Machine, since: string): Promise<string[]> {
  const history = await machine.history()
  return history
    .filter((entry) => entry.at >= since)
    .filter((entry) => entry.source === 'check' || JSON.stringify(entry.from) !== JSON.stringify(entry.to))
    .map((entry) => `${machine.name}: ${entry.sentence}`)
}

export const measureAlarms: Measurement = async ({ pair, minutes, say }) => {
  for (const machine of pair.nodes) await askMore(machine)
  await healthy(pair.host1, pair.host2)
  const since = new Date().toISOString()
  const before = await Promise.all(pair.nodes.map(connections))
  const client = startClient(pair, { writeEveryMs: 10 })
  const seconds = Math.round(minutes * 60)
  say(`alarms: ${HOGS} hogs on each machine for ${minutes} minutes`)
  const hog = `for i in $(seq ${HOGS}); do timeout ${seconds} sh -c "while :; do :; done" & done; wait || true`
  const limit = { timeoutMs: minutes * MINUTE + 60_000 }
  const begun = performance.now()
  const hogs = Promise.all(pair.nodes.map((machine) => machine.shell(hog, limit)))
  for (let passed = 0; passed < minutes * MINUTE; passed = performance.now() - begun) {
    say(`alarms: ${Math.round(passed / 1000)} of ${seconds} s, ${client.acknowledged.length} writes acknowledged`)
    await Promise.race([hogs, pause(Math.min(SAY_EVERY_MS, minutes * MINUTE - passed + 50))])
  }
  await hogs
  await client.stop()
  const after = await Promise.all(pair.nodes.map(connections))
  const answered = after.map((count, index) => count - (before[index] ?? 0))
  const found = (await Promise.all(pair.nodes.map((machine) => troubles(machine, since)))).flat()
  const longest = client.longestGap()?.ms ?? Number.NaN
  // One service is asked twice a second (four times in its bound).
  const hours = (SERVICES * 2 * seconds) / 2 / 3600
  return {
    rows: [
      {
        what: `false alarms and moves, every core taken for ${minutes} min (${hours.toFixed(1)} h of checks of one service)`,
        value: String(found.length),
        aim: '0',
        met: found.length === 0,
      },
    ],
    explanations: [
      {
        title: 'Under full load',
        head: ['what', 'holder', 'standby'],
        rows: [
          ['connections to the database: one for each check of a service, and the client’s', ...answered.map(String)],
          ['writes acknowledged', String(client.acknowledged.length), ''],
          ['longest time without an acknowledged write', `${Math.round(longest)} ms`, ''],
          ...found.map((sentence) => ['alarm or move', sentence, '']),
        ],
      },
    ],
    raw: { minutes, answered, found, longest, acknowledged: client.acknowledged.length },
  }
}
