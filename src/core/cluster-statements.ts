/** The SQL of a Galera member, as text: the adapter runs these and `apmode plan` prints them. Pure. */

export const clusterStatements = {
  desync(on: boolean): string {
    return `SET GLOBAL wsrep_desync=${on ? 'ON' : 'OFF'}`
  },
  /** The members that this one sees become the primary component. */
  formComponent(): string {
    return "SET GLOBAL wsrep_provider_options='pc.bootstrap=1'"
  },
} as const
