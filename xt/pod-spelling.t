# The prose of our PODs is spelled as aspell has it.
use strict;
use warnings;

use File::Find;
use File::Temp;
use Test::More;

plan skip_all => 'no aspell with an English dictionary'
  if !grep { /^en$/ } map { split } `aspell dicts 2>/dev/null`;

my %known = map { $_ => 1 } map { split } <DATA>;
my @pods;
find({ no_chdir => 1, wanted => sub { push @pods, $_ if /\.pod\z/ } }, 'lib');
for my $file (sort @pods) {
    my $temp = File::Temp->new;
    print {$temp} prose($file);
    close $temp or die "$temp: $!\n";

    # Words with capitals inside are names of things.
    my %strange = map { $_ => 1 }
      grep { !$known{ lc $_ } && !/.[A-Z]/ } map { split }
      `aspell -d en --encoding=utf-8 list <$temp`;
    is_deeply([sort keys %strange], [], $file)
      or diag 'mistakes, or words to add to those below in this test';
}
done_testing;

# Without code, names of files, and items that are names.
sub prose {
    my ($file) = @_;

    open my $in, '<', $file or die "$file: $!\n";
    my $pod = do { local $/; <$in> };
    $pod =~ s/^[ \t].*$//mg;
    $pod =~ s/^=(?:for|encoding|over|back|cut)\b.*?\n\n//msg;
    $pod =~ s/^=item (?:[\$\w:]+->|[\w:]+\(|SSL_|IO::).*//mg;
    1 while $pod =~ s/[XLCF]<<+ .*? >>+//sg;
    1 while $pod =~ s/[XLCF]<[^<>]*>//sg;
    $pod =~ s/[BIESZ]<([^<>]*)>/$1/g;
    $pod =~ s/^=\w+//mg;
    $pod =~ s/\S*[\$:\/_@%&=()\[\]\d]\S*//g;
    return $pod;
}

__DATA__
alpn backend booleans builtins config dane decrypt decrypted decrypts diffie ee
emailca errno errstr eof extkeyusage fdopen hostname http https keyusage kib
libpsl libssl md memcached mojolicious nginx objca ocsp openssl openssl's ev pem
pre recv responder responders sendfile setbuf setgid setuid setvbuf sslca starman
starttls storable's subclasses subjectaltname syswrite tls tlsa tshark umask undef
unencrypted ungetc wireshark cns oids uris cas
