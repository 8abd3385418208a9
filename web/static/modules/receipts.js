// Receipts as this browser keeps them, and the server's signed promise that each of them carries.

import { bytesOf, hex, unhex } from "./bytes.js";
import { leafHash, rootFrom } from "./merkle.js";
import { isSigned } from "./signature.js";

const RECEIPT = "receipt:";
const MIXED_UP = { o: "0", i: "1", l: "1" }; // Crockford: letters that are read as digits.

/** A code as it was typed or pasted, with spaces or capitals, as it is published; null if it cannot be one. */
export function readCode(text) {
  const code = text.toLowerCase().replace(/[\s-]/g, "").replace(/[oil]/g, (letter) => MIXED_UP[letter]);
  return /^[0-9a-hjkmnp-tv-z]{26}$/.test(code) ? code : null;
}

/** Groups of letters that are easier to read and to copy by hand. */
export function shownCode(code) {
  return code.replace(/(.{5})(?=.{5})/g, "$1 ");
}

/** A receipt from a file or a paste: the JSON that was kept, or a code alone; null if it is neither. */
export function readReceipt(text) {
  try {
    const receipt = JSON.parse(text);
    return isReceipt(receipt) ? receipt : null;
  } catch {
    const code = readCode(text);
    return code && { code };
  }
}

function isReceipt(receipt) {
  return typeof receipt?.code === "string" && readCode(receipt.code) === receipt.code;
}

/** Whether everything is there that the promise is about. */
export function isWhole(receipt) {
  const { ballot, tier, choices, at, promise } = receipt;
  return [ballot, tier, at].every((value) => typeof value === "string") && Array.isArray(choices) && Boolean(promise);
}

/** The text that is promised: docs/verify.md, “A ballot”. */
export function receiptText({ ballot, code, tier, choices, at }) {
  return `seethrough-receipt-v1\n${ballot}\n${code}\n${tier}\n${choices.join(",")}\n${at}\n`;
}

/** Whether the ledger's key (32 bytes) signed the promise to put this receipt on the board. */
export async function isPromised(receipt, key) {
  const { index, size, path, signature } = receipt.promise;
  if (!Array.isArray(path)) return false;
  const root = rootFrom(index, size, leafHash(bytesOf(receiptText(receipt))), path.map(unhex));
  return root !== null && isSigned(key, bytesOf(`seethrough promise-v1\n${hex(root)}\n`), unhex(signature));
}

/** The receipt that this browser keeps for a ballot. */
export function kept(ballot) {
  return recalled(RECEIPT + ballot);
}

export function keep(receipt) {
  return remember(RECEIPT + receipt.ballot, receipt);
}

export function recalled(name) {
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return null;
  }
}

/** False where the browser keeps nothing (private windows, full). */
export function remember(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export function forget(name) {
  try {
    localStorage.removeItem(name);
  } catch {
    // It was not kept.
  }
}

/** Hands a receipt over as a file of the voter's own. */
export function download(receipt) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(receipt, null, 2)], { type: "application/json" }));
  link.download = `receipt-${receipt.ballot}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
