/** The version that is running; the build puts it in, a checkout says so. */
declare const APMODE_VERSION: string | undefined

export const VERSION: string = typeof APMODE_VERSION === 'string' ? APMODE_VERSION : '0.0.0-checkout'
