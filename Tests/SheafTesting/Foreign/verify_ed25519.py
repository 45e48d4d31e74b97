"""Judges Ed25519 signatures with OpenSSL's library, many in one process.

    python3 verify_ed25519.py CASES     a line each: public key, message, signature, in hexadecimal; prints ok or no

What `openssl pkeyutl -verify -rawin` calls, without a process for each signature.
"""
import ctypes, ctypes.util, sys

crypto = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
for name in ("EVP_PKEY_new_raw_public_key", "EVP_MD_CTX_new"):
    getattr(crypto, name).restype = ctypes.c_void_p
pointer, size = ctypes.c_void_p, ctypes.c_size_t
crypto.EVP_PKEY_new_raw_public_key.argtypes = [ctypes.c_int, pointer, ctypes.c_char_p, size]
crypto.EVP_DigestVerifyInit.argtypes = [pointer] * 5
crypto.EVP_DigestVerify.argtypes = [pointer, ctypes.c_char_p, size, ctypes.c_char_p, size]
crypto.EVP_MD_CTX_free.argtypes = crypto.EVP_PKEY_free.argtypes = [pointer]
ED25519 = 1087


def verifies(key, message, signature):
    own = crypto.EVP_PKEY_new_raw_public_key(ED25519, None, key, len(key))
    if not own:
        return False
    context = crypto.EVP_MD_CTX_new()
    if crypto.EVP_DigestVerifyInit(context, None, None, None, own) != 1:
        sys.exit("OpenSSL verifies no Ed25519")
    holds = crypto.EVP_DigestVerify(context, signature, len(signature), message, len(message)) == 1
    crypto.EVP_MD_CTX_free(context)
    crypto.EVP_PKEY_free(own)
    return holds


for line in open(sys.argv[1]):
    print("ok" if verifies(*(bytes.fromhex(field) for field in line.rstrip("\n").split("\t"))) else "no")
