# All findings in words: id, severity, what was found, and after ">" what to do.
# {name} is a value that the caller gives.  Ids stay as they are; programs use
# them.
package IO::Socket::SSL::Check::Texts;

use strict;
use warnings;

use Carp     qw(croak);
use Exporter qw(import);

our @EXPORT_OK = qw(finding);

my $TEXTS = <<'TEXTS';
= lookup unreached
The name {host} cannot be looked up: {why}.
> Check the spelling, and that the name servers of this machine answer (getent hosts
{host}).

= refused unreached
{place} refuses connections.
> Start the server, or correct the port.  On the server, "ss -ltn" lists the
ports that programs listen on.  A firewall may refuse connections, too.

= no_answer unreached
{place} does not answer: no connection within {seconds} seconds.
> The machine may be down, or a firewall drops the packets.  Compare with another
port of this machine, and from another network.

= no_route unreached
This machine has no route to {place} ({why}).
> {advice}

= connect unreached
{place} cannot be reached: {why}.
> Check the address, the port, and any firewall in between.

= nothing_tried bad
Nothing was tried here: the time, or the number of handshakes that a check may
make, was used up.
> Check this address alone, or raise --timeout.

= starttls_refused bad
{kind}: the server does not begin TLS{said}.
> Turn TLS on in the configuration of the server, with a certificate and its key.
Its log tells more.

= starttls_not_offered bad
{kind}: the server does not offer STARTTLS{said}.
> Turn TLS on in the configuration of the server, with a certificate and its key.
Its log tells more.

= starttls_silent bad
{kind}: the server did not answer in time{said}.
> Try again without --starttls: on some ports TLS begins at once.  A larger
--timeout helps with servers that look up who we are first.

= starttls_closed bad
{kind}: the server closed the connection before TLS began{said}.
> See the log of the server; it may refuse this machine, or this may be the port
of another protocol.

= starttls_flood bad
{kind}: the server said too much before TLS began{said}.
> Check that this is the port of that protocol.

= starttls_injected bad
{kind}: more data followed the answer to STARTTLS, unencrypted.  Somebody may
have put it there{said}.
> Update the server: a client that takes such data for encrypted can be deceived
(CVE-2011-0411).  If the server is up to date, look for somebody between it and
this machine.

= client_certificate bad
The server demands a client certificate, and ends the connection without one.
> Give the certificate and its key: --cert FILE --key FILE.  If clients should
not need one, turn this off at the server (nginx: ssl_verify_client, Apache:
SSLVerifyClient).

= client_certificate_asked note
The server asks clients for a certificate, but goes on without one.
> Browsers then ask their users for one.  If nothing needs it, turn it off.

= not_tls bad
The server does not speak TLS on port {port}{said}.
> {advice}

= handshake_timeout bad
The server accepts the connection, but the handshake was not done within
{seconds} seconds.
> {advice}

= closed bad
The server closed the connection during the handshake without giving a reason
({why}).{lenient}
> {advice}

= no_shared_version bad
The server and this machine have no version of TLS in common.
> Turn TLS 1.2 and 1.3 on at the server; a server that cannot do them needs an
update.

= no_shared_cipher bad
The server refuses the handshake (alert {alert}): usually it has no cipher or
group in common with us, or no certificate that fits them.{lenient}
> Check the lists of ciphers and groups at the server, and that it has a
certificate and key for this name.  Its log tells more.

= unknown_name bad
The server does not know the name {name} (alert {alert}).
> Add the name to the configuration of the server, or give the name that it has:
--name NAME.

= internal_error bad
The server failed (alert {alert}).{lenient}
> See the log of the server.  Often it has no certificate for this name, or cannot
read its key.

= alert bad
The server ended the handshake with the alert {alert}.{lenient}
> {advice}

= config bad
{why}.
> {advice}

= protocol bad
{why}.{lenient}
> {advice}

= wrong_name bad
The certificate is not for {name}.  {for}
> Connect by a name that the certificate is for, or get a certificate that includes
{name}.  A server of several names may have chosen the wrong one: check its
configuration for this name.

= common_name_only weak
The certificate has no alternative names, only the common name {who}.
> Browsers and most libraries ignore common names.  Get a certificate with {name}
in subjectAltName.

= expired bad
The certificate expired {period} ago, on {day}.  The clock of this machine says
{now}.
> Renew it and reload the server.  If it was renewed already, the server still has
the old one in memory, or reads another file.

= expired_ca bad
The certificate of the CA {who} expired {period} ago, on {day}.  The clock of this
machine says {now}.
> Install the current chain of your CA, which comes with a renewed certificate
(fullchain.pem), and reload the server.

= not_yet_valid bad
The certificate is not valid yet: it becomes valid in {period}, on {day}.  The clock
of this machine says {now}.
> If that clock is right, go back to the previous certificate until then.

= not_yet_valid_ca bad
The certificate of the CA {who} is not valid yet: it becomes valid in {period}, on
{day}.  The clock of this machine says {now}.
> If that clock is right, go back to the previous chain until then.

= no_dates bad
The dates of the certificate {who} cannot be read.
> Have it issued again.

= ends_soon ends
{what} expires in {period}, on {day}.
> Renew it and reload the server.  If it is renewed automatically, find out why that
has not happened yet.

= revoked bad
The certificate was revoked: so says the OCSP response of its issuer, which the
server sends along (stapling).
> Get a new certificate, with a new key if the old one may be known to others.

= staple bad
{why}.
> {advice}

= self_signed bad
The certificate is self-signed ({who}): no CA vouches for it, so clients cannot
tell whether it is genuine.
> Get a certificate from a CA.  If clients are to trust this very one, give it to
them as a CA (here: --ca FILE).

= unknown_root bad
The chain ends in a root that this machine does not trust: {who}.
> If this is your own CA, give its certificate to the clients (here: --ca FILE).
Otherwise get a certificate from a CA that they trust.

= missing_issuer bad
The chain is incomplete: the server sends {count}, but not that of {issuer}, which
issued {issued}, and this machine does not have it either.{browsers}
> Install the whole chain at the server: its own certificate first, then that of
each issuer (CAs call this file fullchain.pem or "bundle").  If {issuer} is a root
of your own, it is the clients that need it (here: --ca FILE).{fetch}

= missing_known weak
The server does not send {who}, an intermediate certificate.  It is trusted here by
itself, but clients that know only its root will refuse the server.
> Install the whole chain at the server: its own certificate first, then that of
each issuer (CAs call this file fullchain.pem or "bundle").

= misordered weak
The certificates are sent in the wrong order: each one must be followed by that of
its issuer.
> Put them in order: {order}.

= expired_extra weak
The server also sends certificates that have expired and lead nowhere: {who}.
> Remove them from the file; some clients stumble over them.

= extra note
The server sends more certificates than clients need: {who}.
> Remove them from the file: every handshake carries them.

= root_sent note
The server sends its root certificate, which clients must have anyway.
> Remove it from the file: every handshake carries it.

= purpose bad
{what} must not be used by a server (key usage or extended key usage).
> Get a certificate for servers: with serverAuth in extendedKeyUsage.

= verify bad
{why} ({code}).
> {advice}

= small_key bad
{what} has a key that is too small: {key} with {bits} bits.
> Make a new key (EC P-256, or RSA with at least 2048 bits), and get a certificate
for it.

= weak_signature bad
{what} is signed with a broken digest: {signature}.
> Get it issued anew, with SHA-256 or better.

= must_staple bad
The certificate demands that the server sends a good OCSP response along ("must
staple"), and it sends none.
> Turn stapling on (nginx: ssl_stapling on, Apache: SSLUseStapling on), or get a
certificate without this demand.

= different_certificates note
The addresses of this host show different certificates.
> If they should be the same, one server may not have been reloaded after the
renewal.

= old_version bad
The server speaks only {versions}, which RFC 8996 calls insecure: current clients refuse it.
> Turn TLS 1.2 and 1.3 on (nginx: ssl_protocols TLSv1.2 TLSv1.3).  A server that
cannot do them needs an update.

= old_versions weak
The server still speaks {versions}, which RFC 8996 calls insecure.
> Leave only TLS 1.2 and 1.3 on, unless clients of yours have nothing newer (nginx:
ssl_protocols TLSv1.2 TLSv1.3).

= no_tls13 note
The server does not speak TLS 1.3.
> Turn it on: its handshake is quicker, and hides the certificate.

= broken_cipher bad
The server accepts ciphers that are broken: {ciphers}.
> Remove them from its list of ciphers.

= no_forward_secrecy weak
The server accepts ciphers without forward secrecy: whoever gets its key can read
all that was recorded before.  They are: {ciphers}.
> Leave only ciphers that begin with ECDHE or DHE in its list (besides those of TLS
1.3).

= no_resumption note
Sessions cannot be resumed with {versions}, so each connection costs a full
handshake.
> Turn session tickets or a session cache on (nginx: ssl_session_cache
shared:TLS:10m).  Servers behind one name must share their keys.

= without_sni note
A client that names no host (no SNI) {gets}.
> This is fine, unless very old clients or a load balancer's probes, which send no
name, must be served.

= ocsp_revoked bad
The responder of the CA says: {why}.
> Get a new certificate, with a new key if the old one may be known to others.

= ocsp_unknown note
Whether the certificate was revoked is not known: {why}.
> Many CAs no longer run OCSP responders and publish revocation lists instead.

= dane bad
None of the TLSA records matches the chain: clients that use DANE refuse this
server.
> Publish a record for the certificate that is in use.  When a key changes, publish
the record of the new one some days before.

= dane_unusable weak
None of the TLSA records can be used: their usage, selector or type is unknown.
> Publish a record "3 1 1": the SHA-256 of the public key of the server.

= dane_needs_ca bad
A TLSA record of usage 0 or 1 matches, but that needs a chain that the CAs vouch
for, and this one fails.
> Correct the chain, or publish a record "3 1 1".

= dane_missing weak
DANE was not checked: {why}.
> Install it: apt-get install libnet-dns-perl, or cpan Net::DNS.

= dane_lookup weak
The TLSA records cannot be looked up: {why}.
> Clients that use DANE cannot connect.  Check the name servers of the domain,
and DNSSEC.

= dane_insecure note
There are TLSA records, but the name server that this machine asks does not say
that DNSSEC vouches for them, so they are ignored.
> Sign the domain, and ask a resolver that validates, such as unbound on this
machine.

= dane_none note
There are no TLSA records.
> DANE is not in use here.  There is nothing to do.

= left_out note
Some things were not tried: the time, or the number of handshakes that a check may
make, was used up.
> Check one address alone, or raise --timeout.
TEXTS

my %FINDING;

while ($TEXTS =~ /^= (\w+) (\w+)\n(.*?)\n> (.*?)\n(?=\n= |\z)/gms) {
    my ($id, $severity, @texts) = ($1, $2, $3, $4);

    tr/\n/ / for @texts;
    $FINDING{$id} = [$severity, @texts];
}

sub ids { my @ids = sort keys %FINDING; return @ids }

# The finding of this id: {id severity text action}.  A severity among the values
# takes the place of the usual one.
sub finding {
    my ($id,       %value) = @_;
    my ($severity, @texts) = @{ $FINDING{$id} || croak "no finding '$id'" };

    for (@texts) {
        s/\{(\w+)\}/_value($id, $1, \%value)/ge;
    }
    return {
        id       => $id,
        severity => $value{severity} || $severity,
        text     => $texts[0],
        action   => $texts[1],
    };
}

sub _value {
    my ($id, $name, $value) = @_;

    return defined $value->{$name}
      ? $value->{$name}
      : croak "finding '$id' needs $name";
}

1;
