/**
 * One real machine with a few units to try things on, and the systemd adapter connected to its bus from outside.
 * Invariant: after `stop` nothing is left of it. Names of units say what is particular about them.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createSystemd } from '../../../src/adapters/systemd/systemd.ts'
import type { Systemd } from '../../../src/ports/systemd.ts'
import type { LabNode } from '../../pair/lab/node.ts'
import { startPair } from '../../pair/lab/pair.ts'
import { whyNoLab } from '../../pair/lab/requirements.ts'

/** Why these tests cannot run here; null when they can. With CI=true that is a failure. */
export const skipped = whyNoLab()
if (skipped !== null && process.env.CI === 'true') throw new Error(`cannot run on a real systemd: ${skipped}`)
if (skipped !== null) console.warn(`skipped, tests on a real systemd: ${skipped}`)

/** The tests start some of them more often than systemd lets a unit by default: five times in ten seconds. */
const service = (lines: string) =>
  `[Unit]\nStartLimitIntervalSec=0\n[Service]\n${lines}\n[Install]\nWantedBy=multi-user.target\n`
const SLEEP = 'ExecStart=/bin/sleep infinity'
const LIB = '/lib/systemd/system'

const UNITS: Readonly<Record<string, string>> = {
  [`${LIB}/plain.service`]: service(SLEEP),
  [`${LIB}/second.service`]: service(SLEEP),
  '/etc/systemd/system/in-etc.service': service(SLEEP),
  '/opt/linked.service': service(SLEEP),
  [`${LIB}/slow.service`]: service(`ExecStartPre=/bin/sleep 1.5\n${SLEEP}`),
  [`${LIB}/bad.service`]: service('Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/false'),
  [`${LIB}/skipped.service`]: `[Unit]\nConditionPathExists=/nowhere\n${service(SLEEP)}`,
  [`${LIB}/again.service`]: service(`Restart=always\nRestartSec=50ms\n${SLEEP}`),
}

export interface Machine {
  readonly node: LabNode
  readonly busAddress: string
  readonly systemd: Systemd
  readonly logged: string[]
  /** SIGKILL, from outside, to a process by its pid inside. */
  kill(innerPid: number): void
  stop(): Promise<void>
}

export async function startMachine(provision: (node: LabNode) => Promise<void> = async () => {}): Promise<Machine> {
  const pair = await startPair({
    nodes: 1,
    provision: async (node) => {
      for (const [path, text] of Object.entries(UNITS)) await node.writeFile(path, text)
      await provision(node)
    },
  })
  const node = pair.node('host1')
  // Seen through its PID 1: /run is a mount of the guest's own.
  const root = `/proc/${node.leaderPid()}/root`
  const busAddress = `unix:path=${root}/run/dbus/system_bus_socket`
  const logged: string[] = []
  const systemd = createSystemd({ busAddress, root, log: (level, sentence) => logged.push(`${level}: ${sentence}`) })
  try {
    await node.must(['ln', '-s', 'plain.service', `${LIB}/alias.service`])
    await node.must(['systemctl', 'daemon-reload'])
    await systemd.open({ timeoutMs: 5000 })
  } catch (thrown) {
    systemd.close()
    await pair.stop()
    throw thrown
  }
  return {
    node,
    busAddress,
    systemd,
    logged,
    kill: (innerPid) => process.kill(outerPid(node, innerPid), 'SIGKILL'),
    async stop() {
      systemd.close()
      await pair.stop()
    },
  }
}

/** The pid that the outer machine knows a process of the guest by. */
function outerPid(node: LabNode, innerPid: number): number {
  const namespace = readlinkSync(`/proc/${node.leaderPid()}/ns/pid`)
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readlinkSync(`/proc/${entry}/ns/pid`) !== namespace) continue
      const pids = /^NSpid:\s+(.*)$/m.exec(readFileSync(`/proc/${entry}/status`, 'ascii'))?.[1]?.split(/\s+/)
      if (pids?.at(-1) === String(innerPid)) return Number(entry)
    } catch {
      // It ended while we looked.
    }
  }
  throw new Error(`cannot find process ${innerPid} of ${node.name}`)
}
