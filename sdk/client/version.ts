/** Version of this package, told to the gateway in `connect`. */
export const sdkVersion = '0.1.0';
