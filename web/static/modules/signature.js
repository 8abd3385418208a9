// Ed25519 (RFC 8032): by the browser itself where it can, by a library of ours where it cannot (old ones, plain http).

/** Whether `signature` (64 bytes) over `message` is by the public `key` (32 bytes). */
export async function isSigned(key, message, signature) {
  if (key?.length !== 32 || signature?.length !== 64) return false;
  const native = await imported(key);
  if (native) return crypto.subtle.verify("Ed25519", native, signature, message);
  const { ed25519 } = await import("../vendor/noble/curves/ed25519.js");
  try {
    return ed25519.verify(signature, message, key, { zip215: false });
  } catch {
    return false; // It is no point of the curve.
  }
}

async function imported(key) {
  try {
    return await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  } catch {
    return null;
  }
}
