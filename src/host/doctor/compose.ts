/** The real machine for `apmode doctor`: names the adapters, and nothing else. Loaded for that command alone. */
import { formatProblems, loadConfig, readSecret } from '../../adapters/config-file.ts'
import { askSupervisor, connectOnce, statusOf } from '../../adapters/examination/connections.ts'
import { endOf, freeSpace, pathFact, realpath } from '../../adapters/examination/files.ts'
import { programPath, runProgram } from '../../adapters/examination/programs.ts'
import { readModeFile } from '../../adapters/files/mode-file.ts'
import { listHooks } from '../../adapters/hooks/folder.ts'
import { localSql, remoteSql } from '../../adapters/mariadb/examine.ts'
import { examineUnits, systemdVersion } from '../../adapters/systemd/examine.ts'
import type { Examination } from '../../ports/examination.ts'
import { PATHS } from '../paths.ts'

export function thisMachine(): Examination {
  return {
    configuration() {
      const loaded = loadConfig({ checkSecrets: false })
      if (loaded.ok) return { path: loaded.path, faults: [], config: loaded.config }
      const [, ...faults] = formatProblems(loaded.path, loaded.problems).split('\n')
      return { path: loaded.path, faults: faults.map((fault) => fault.trim().replace(/\s+/, ' ')), config: null }
    },
    passwordProblem(path) {
      const read = readSecret(path)
      return read.ok ? null : read.problem
    },
    mode: (path) => {
      const { mode, problem } = readModeFile(path)
      return { mode, problem }
    },
    hooks: () => listHooks(PATHS.hooks),
    stat: pathFact,
    realpath: (path) => realpath(path),
    text: endOf,
    free: freeSpace,
    run: runProgram,
    program: programPath,
    connect: connectOnce,
    ask: (path, call) => askSupervisor(PATHS.socket, path, call),
    get: statusOf,
    units: (names, call) => examineUnits(names, call),
    systemdVersion: (call) => systemdVersion(call),
    local: localSql,
    remote: remoteSql,
    now: () => Date.now(),
  }
}
