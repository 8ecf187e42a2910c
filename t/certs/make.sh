#!/bin/sh
# Makes all certificates, keys and lists of this folder again, with the openssl
# command (3.0 or newer).  They are under version control and valid from 2020 to
# 2120, so this is only needed to add one: add a line below, and one to README.
# The password of all encrypted files is "secret".
set -eu

cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# --- tools -----------------------------------------------------------------

cat >"$work/openssl.cnf" <<CNF
[ req ]
distinguished_name = dn
[ dn ]
[ ca ]
default_ca = issuer
[ issuer ]
database = $work/\$ENV::ISSUER.db
serial = $work/serial
new_certs_dir = $work
policy = anything
default_md = sha256
unique_subject = no
email_in_dn = yes
rand_serial = yes
[ anything ]
countryName = optional
organizationName = optional
organizationalUnitName = optional
commonName = optional
CNF
export ISSUER=none

# extensions: of a server with this subjectAltName, of a client, of a CA
san_local='DNS:localhost,IP:127.0.0.1,IP:::1,DNS:*.example.test'
ext_server() { printf '%s\n' "subjectAltName=$1" \
    'basicConstraints=critical,CA:FALSE' \
    'keyUsage=critical,digitalSignature,keyEncipherment' \
    'extendedKeyUsage=serverAuth,clientAuth' \
    'subjectKeyIdentifier=hash' 'authorityKeyIdentifier=keyid'; }
ext_client() { printf '%s\n' 'basicConstraints=critical,CA:FALSE' \
    'keyUsage=critical,digitalSignature' 'extendedKeyUsage=clientAuth' \
    "subjectAltName=email:client@example.test" \
    'subjectKeyIdentifier=hash' 'authorityKeyIdentifier=keyid'; }
ext_ca() { printf '%s\n' 'basicConstraints=critical,CA:TRUE' \
    'keyUsage=critical,keyCertSign,cRLSign' \
    'subjectKeyIdentifier=hash' 'authorityKeyIdentifier=keyid'; }

# key NAME [rsa BITS | ec CURVE]
key() {
    case "${2:-rsa}" in
    rsa) openssl genpkey -quiet -algorithm RSA \
        -pkeyopt "rsa_keygen_bits:${3:-2048}" -out "$1.key" ;;
    ec) openssl genpkey -quiet -algorithm EC \
        -pkeyopt "ec_paramgen_curve:$3" -out "$1.key" ;;
    esac 2>/dev/null
}

# sign NAME ISSUER SUBJECT [option of openssl-ca...] < extensions
# The issuer "self" signs with the key of NAME itself.
sign() {
    name=$1 issuer=$2 subject=$3
    shift 3
    cat >"$work/ext"
    openssl req -new -config "$work/openssl.cnf" -utf8 -multivalue-rdn \
        -key "$name.key" -subj "$subject" -out "$work/csr"
    if [ "$issuer" = self ]; then
        ISSUER=$name
        set -- -selfsign -keyfile "$name.key" "$@"
    else
        ISSUER=$issuer
        set -- -cert "$issuer.pem" -keyfile "$issuer.key" "$@"
    fi
    : >>"$work/$ISSUER.db"
    openssl ca -batch -notext -utf8 -config "$work/openssl.cnf" \
        -preserveDN -startdate 20200101000000Z -enddate 21200101000000Z \
        "$@" -extfile "$work/ext" -in "$work/csr" -out "$name.pem" \
        2>"$work/log" || { cat "$work/log" >&2; exit 1; }
}

# crl ISSUER FILE [option of openssl-ca...]
crl() {
    ISSUER=$1 file=$2
    : >>"$work/$ISSUER.db"
    shift 2
    openssl ca -config "$work/openssl.cnf" -gencrl -cert "$ISSUER.pem" \
        -keyfile "$ISSUER.key" -crl_lastupdate 20200101000000Z \
        -crl_nextupdate 21200101000000Z "$@" -out "$file" 2>/dev/null
}

o='/C=DE/O=IO-Socket-SSL'

# --- authorities -----------------------------------------------------------

key ca
ext_ca | sign ca self "$o/CN=Test CA"
key sub-ca
ext_ca | sign sub-ca ca "$o/CN=Test Intermediate CA"
key other-ca
ext_ca | sign other-ca self "$o/CN=Other CA"
# the same name as ca, but another key, as after a change of keys
key namesake-ca
ext_ca | sign namesake-ca self "$o/CN=Test CA"

# --- servers, good ---------------------------------------------------------

key server
ext_server "$san_local" | sign server ca "$o/CN=localhost"
key server-ecdsa ec P-256
ext_server "$san_local" | sign server-ecdsa ca "$o/CN=localhost"
key server-sub
ext_server "$san_local" | sign server-sub sub-ca "$o/CN=localhost"
cat server-sub.pem sub-ca.pem >server-sub-chain.pem
cat server-sub.key server-sub-chain.pem >server-sub-both.pem
cat server.pem server.key >server-both.pem
key server2
ext_server 'DNS:server2.test,DNS:www.server2.test' |
    sign server2 ca "$o/CN=server2.test"

# --- servers, bad ----------------------------------------------------------

key wrong-name
ext_server 'DNS:wrong.invalid' | sign wrong-name ca "$o/CN=wrong.invalid"
key expired
ext_server "$san_local" | sign expired ca "$o/CN=localhost" \
    -enddate 20210101000000Z
key not-yet-valid
ext_server "$san_local" | sign not-yet-valid ca "$o/CN=localhost" \
    -startdate 21100101000000Z
key self-signed
ext_server "$san_local" | sign self-signed self "$o/CN=localhost"
key other-server
ext_server "$san_local" | sign other-server other-ca "$o/CN=localhost"
key namesake-server
ext_server "$san_local" | sign namesake-server namesake-ca "$o/CN=localhost"
key weak-rsa rsa 1024
ext_server "$san_local" | sign weak-rsa ca "$o/CN=localhost"
key weak-sha1
ext_server "$san_local" | sign weak-sha1 ca "$o/CN=localhost" -md sha1
key weak-md5
ext_server "$san_local" | sign weak-md5 ca "$o/CN=localhost" -md md5
key client-only
ext_client | sign client-only ca "$o/CN=localhost"

# --- clients ---------------------------------------------------------------

key client
ext_client | sign client ca "$o/CN=Test Client"
key other-client
ext_client | sign other-client other-ca "$o/CN=Other Client"

# --- revocation ------------------------------------------------------------

key revoked
ext_server "$san_local" | sign revoked ca "$o/CN=localhost"
key revoked-sub
ext_server "$san_local" | sign revoked-sub sub-ca "$o/CN=localhost"
crl ca crl-none-revoked.pem
ISSUER=ca openssl ca -config "$work/openssl.cnf" -cert ca.pem \
    -keyfile ca.key -revoke revoked.pem 2>/dev/null
ISSUER=sub-ca openssl ca -config "$work/openssl.cnf" -cert sub-ca.pem \
    -keyfile sub-ca.key -revoke revoked-sub.pem 2>/dev/null
crl ca crl.pem
crl ca crl-expired.pem -crl_nextupdate 20210101000000Z
crl sub-ca "$work/sub.pem"
{
    echo '# the list of Test CA, then that of its intermediate'
    cat crl.pem "$work/sub.pem"
} >crls.pem
ISSUER=ca openssl ca -config "$work/openssl.cnf" -cert ca.pem \
    -keyfile ca.key -revoke sub-ca.pem 2>/dev/null
crl ca "$work/sub-revoked.pem"
{
    echo '# the list of Test CA with its intermediate, then that of the latter'
    cat "$work/sub-revoked.pem" "$work/sub.pem"
} >crls-sub-ca-revoked.pem
openssl crl -in crl.pem -outform DER -out crl.der
cat ca.pem crl.pem >ca-with-crl.pem

# --- names -----------------------------------------------------------------

key cn-only
ext_server x | grep -v subjectAltName |
    sign cn-only ca "$o/CN=www.example.test"
key ip-cn
ext_server x | grep -v subjectAltName | sign ip-cn ca "$o/CN=127.0.0.1"
key two-cn
ext_server x | grep -v subjectAltName |
    sign two-cn ca "$o/CN=first.example.test/CN=last.example.test"
key utf8-cn
ext_server 'DNS:xn--bcher-kva.example' | sign utf8-cn ca "$o/CN=Bücher"
key many-san
ext_server 'DNS:a.example.test,email:me@example.test,URI:https://example.test/,IP:192.0.2.1,IP:2001:db8::1,RID:1.2.3.4,dirName:there,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:user@example.test,otherName:1.2.3.4;INT:7' >"$work/many"
printf '%s\n' '[there]' 'C=DE' 'CN=Directory' >>"$work/many"
sign many-san ca "$o/CN=many.example.test" <"$work/many"
key nul-san
# DNS:"good.example.test\0.evil.test"
ext_server 'DER:30:1e:82:1c:67:6f:6f:64:2e:65:78:61:6d:70:6c:65:2e:74:65:73:74:00:2e:65:76:69:6c:2e:74:65:73:74' |
    sign nul-san ca "$o/CN=nul.example.test"
key bad-san
# a DNS name whose length exceeds the extension
ext_server 'DER:30:05:82:7f:61:62:63' | sign bad-san ca "$o/CN=localhost"
key bad-ip-san
# IP addresses of 5 and of 0 bytes, then a good one
ext_server 'DER:30:0f:87:05:7f:00:00:01:01:87:00:87:04:7f:00:00:01' |
    sign bad-ip-san ca "$o/CN=localhost"

# --- formats ---------------------------------------------------------------

openssl x509 -in server.pem -outform DER -out server.der
openssl pkcs8 -topk8 -nocrypt -in server.key -outform DER -out server-key.der
openssl rsa -in server.key -traditional -outform DER \
    -out server-key-rsa.der 2>/dev/null
openssl ec -in server-ecdsa.key -outform DER -out server-ecdsa-key-ec.der \
    2>/dev/null
openssl rsa -in server.key -traditional -out server-rsa.key 2>/dev/null
{
    openssl ecparam -name P-256
    openssl ec -in server-ecdsa.key 2>/dev/null
} >server-ecdsa-ec.key

openssl pkcs8 -topk8 -in server.key -passout pass:secret \
    -out encrypted.key
openssl rsa -in server.key -traditional -aes128 -passout pass:secret \
    -out encrypted-rsa.key 2>/dev/null
openssl pkcs8 -topk8 -in server.key -passout pass:secret \
    -outform DER -out encrypted-key.der
cat server.pem encrypted.key >encrypted-both.pem

cat ca.pem sub-ca.pem >"$work/above.pem" # not in order, on purpose
for pass in secret ''; do
    openssl pkcs12 -export -in server-sub.pem -inkey server-sub.key \
        -certfile "$work/above.pem" -passout "pass:$pass" \
        -out "server-sub${pass:+-$pass}.p12"
done
openssl pkcs12 -export -nokeys -in ca.pem -passout pass:secret \
    -out certs-only-secret.p12
openssl pkcs12 -export -in server.pem -inkey server.key -legacy \
    -passout pass:secret -out legacy-secret.p12

openssl x509 -in ca.pem -addtrust serverAuth -trustout \
    -out trusted-server.pem
openssl x509 -in ca.pem -addreject serverAuth -trustout \
    -out trusted-not-server.pem
{
    echo '# Authorities of the tests, with text in between'
    openssl x509 -in ca.pem -noout -subject
    cat ca.pem
    openssl x509 -in other-ca.pem -text
    echo 'the same once more:'
    cat ca.pem
} >bundle.pem
cat ca.pem namesake-ca.pem >namesakes.pem

# --- Diffie-Hellman ---------------------------------------------------------

openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe3072 \
    -out dh-3072.pem 2>/dev/null
openssl dhparam -out dh-1024.pem 1024 2>/dev/null
openssl dhparam -dsaparam -out dh-x942.pem 2048 2>/dev/null
openssl ecparam -name P-256 -out ec-parameters.pem

# --- a directory with hashed names ------------------------------------------

rm -rf ca-dir
mkdir ca-dir
cp ca.pem "ca-dir/$(openssl x509 -in ca.pem -noout -hash).0"
cp crl.pem "ca-dir/$(openssl crl -in crl.pem -noout -hash).r0"

# --- garbage ---------------------------------------------------------------

: >empty.pem
echo 'Nothing of interest stands here.' >garbage.txt
printf '\060\202\377\377garbage that begins as DER does' >garbage.der
{
    echo '-----BEGIN CERTIFICATE-----'
    echo 'R2FyYmFnZSwgaW4gcHJvcGVyIGJhc2U2NC4='
    echo '-----END CERTIFICATE-----'
} >garbage-block.pem
head -n 8 ca.pem >cut-off.pem
{
    printf '\357\273\277' # a byte order mark
    cat server-sub-chain.pem
} >bom.pem
