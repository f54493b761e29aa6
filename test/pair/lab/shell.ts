/**
 * Starts one or two machines and keeps them until its input closes or a signal comes: for trying things by hand.
 * Usage: sh scripts/run test/pair/lab/shell.ts [--nodes 1] [--interface NAME] [--bare]
 * `--bare`: only the image; otherwise keepalived, MariaDB and the API are configured as in provision.ts.
 */
import { parseArgs } from 'node:util'
import { startPair } from './pair.ts'
import { provisionPlainPair } from './provision.ts'
import { whyNoLab } from './requirements.ts'

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '2' },
    interface: { type: 'string', default: 'eth0' },
    bare: { type: 'boolean', default: false },
  },
})

const obstacle = whyNoLab()
if (obstacle !== null) {
  process.stderr.write(`cannot start machines here: ${obstacle}\n`)
  process.exit(1)
}
const pair = await startPair({
  nodes: values.nodes === '1' ? 1 : 2,
  interface: values.interface,
  progress: (sentence) => process.stderr.write(`${sentence}\n`),
  ...(values.bare ? {} : { provision: provisionPlainPair }),
})
for (const node of pair.nodes) {
  process.stdout.write(`${node.name} ${node.address}: nsenter -t ${node.leaderPid()} -a -- bash -l\n`)
}
process.stdout.write(`client: nsenter --net=/run/netns/${pair.names.clientNamespace} -- bash\n`)
process.stdout.write(`root folders: ${pair.names.folder}/NODE/root; end: Ctrl-C or end of input\n`)
process.stdin.resume()
process.stdin.once('close', async () => {
  await pair.stop()
  process.exit(0)
})
