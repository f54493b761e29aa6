/** The version that runs: `0.1.0 (801d000)`; the build puts it in, a checkout says so. */
export const VERSION: string = process.env.APMODE_VERSION ?? 'checkout'
