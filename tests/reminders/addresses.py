"""Addresses as an attacker, a broken browser or an old row would give them, and the good ones.

In a URL ``{port}`` stands for the port of a canary on loopback: `at` puts it in.
"""

from typing import Any

GOOD = "fcm.googleapis.com"
LONGEST = "https://fcm.googleapis.com/fcm/send/".ljust(2048, "a")

# Numeric hosts, each of which some parser takes for the machine itself or for a neighbour.
NUMERIC = {
    "IPv4": (
        "127.0.0.1", "127.0.0.1:{port}", "127.0.0.2:{port}", "127.255.255.254:{port}",
        "0.0.0.0:{port}", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255",
        "192.168.0.1", "192.168.255.255", "255.255.255.255", "224.0.0.1", "240.0.0.1", "198.18.0.1",
        "192.0.0.1", "192.0.2.1", "198.51.100.1", "203.0.113.1", "192.88.99.1",
    ),
    "shared between a carrier's customers": ("100.64.0.1", "100.127.255.255", "100.100.100.200"),
    "a cloud's metadata": (
        "169.254.169.254", "169.254.170.2", "[fd00:ec2::254]", "[fe80::a9fe:a9fe]",
        "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]",
    ),
    "one decimal number": (
        "2130706433:{port}", "2130706434:{port}", "2852039166", "3232235521", "0:{port}",
        "4294967295", "6425673729:{port}",
    ),
    "octal": (
        "0177.0.0.1:{port}", "0177.0.0.01:{port}", "00000177.0.0.1:{port}", "017700000001:{port}",
        "0177.0000.0000.0001:{port}", "0251.0376.0251.0376", "0177.1:{port}", "127.0.0.08:{port}",
    ),
    "hexadecimal": (
        "0x7f000001:{port}", "0x7f.0.0.1:{port}", "0X7F.0X0.0X0.0X1:{port}", "0x7f.1:{port}",
        "0xa9fea9fe", "0x7f.0.1:{port}", "0x00000000007f.1:{port}", "0x:{port}",
    ),
    "short IPv4": ("127.1:{port}", "127.0.1:{port}", "10.1", "192.168.1", "127.:{port}"),
    "nearly IPv4": (
        "127.0.0.257:{port}", "383.0.0.1:{port}", "127.0.0.1.1:{port}", "127..0.1:{port}",
        ".127.0.0.1:{port}", "127.0.0.1.:{port}", "127.0.0.1-:{port}",
    ),
    "IPv6": (
        "[::1]", "[::1]:{port}", "[0:0:0:0:0:0:0:1]:{port}",
        "[0000:0000:0000:0000:0000:0000:0000:0001]:{port}", "[::]:{port}", "[0::0]:{port}",
        "[fc00::1]", "[fd12:3456:789a::1]", "[fec0::1]", "[ff02::1]", "[ff0e::1]", "[100::1]",
        "[100:0:0:1::1]", "[2001:db8::1]", "[3fff::1]", "[5f00::1]", "[2001:2::1]", "[2001:20::1]",
    ),
    "IPv4 within IPv6": (
        "[::ffff:127.0.0.1]:{port}", "[::ffff:7f00:1]:{port}", "[0:0:0:0:0:ffff:7f00:1]:{port}",
        "[::FFFF:127.0.0.1]:{port}", "[::ffff:10.0.0.1]", "[::127.0.0.1]:{port}",
        "[::7f00:1]:{port}", "[::ffff:0:127.0.0.1]:{port}", "[::ffff:0:7f00:1]:{port}",
        "[64:ff9b::7f00:1]:{port}", "[64:ff9b::127.0.0.1]:{port}", "[64:ff9b:1::7f00:1]:{port}",
        "[64:ff9b:1:ffff:ffff:ffff:a9fe:a9fe]", "[2002:7f00:1::]:{port}", "[2002:7f00:1::1]",
        "[2002:a00:1::1]", "[2001:0:7f00:1::]", "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
    ),
    "IPv6 with a zone": (
        "[fe80::1]", "[fe80::1%25lo]:{port}", "[fe80::1%lo]:{port}", "[fe80::1%251]",
        "[::1%25lo]:{port}", "[fe80::1%25]", "[2606:4700:4700::1111%25eth0]",
    ),
    "nearly IPv6": (
        "[::1:{port}", "::1]:{port}", "[[::1]]:{port}", "[::1].fcm.googleapis.com",
        "[fcm.googleapis.com]", "[v1.fe80::1]", "[::1]x:{port}", "[]:{port}", "[:::1]:{port}",
        "[::127.1]:{port}", "x[::1]:{port}",
    ),
}  # fmt: skip
# These a machine would be allowed to reach; they are no push services all the same.
PUBLIC_NUMERIC = (
    "8.8.8.8", "1.1.1.1:443", "[2606:4700:4700::1111]", "168.63.129.16", "134744072", "0x08080808",
)  # fmt: skip

REFUSED_TEXTS = {
    **{kind: tuple(f"https://{each}/push/x" for each in hosts) for kind, hosts in NUMERIC.items()},
    "numeric, http": tuple(
        f"http://{each}:{{port}}/push/x"
        for each in ("127.0.0.1", "[::1]", "127.0.0.2", "localhost", "127.1", "0", "0x7f.1")
    ),
    "local names": (
        "https://localhost:{port}/x", "https://LOCALHOST:{port}/x", "https://localhost.:{port}/x",
        "https://localhost.localdomain:{port}/x", "https://ip6-localhost:{port}/x",
        "https://fcm.localhost:{port}/x", "https://metadata.google.internal/x", "https://metadata/x",
        "https://127.0.0.1.nip.io:{port}/x", "https://printer.local:{port}/x",
    ),
    "a trailing dot": (
        "https://fcm.googleapis.com./x", "https://web.push.apple.com.:443/x",
        "https://db5.notify.windows.com./x", "https://fcm.googleapis.com../x",
    ),
    "capitals": (
        "HTTPS://LocalHost:{port}/x", "HTTP://FCM.GOOGLEAPIS.COM/x",
        "hTTps://EVILFCM.GOOGLEAPIS.COM/x", "HTTPS://[::FFFF:7F00:1]:{port}/x",
    ),
    "user information": (
        "https://user@fcm.googleapis.com/x", "https://user:word@fcm.googleapis.com/x",
        "https://@fcm.googleapis.com/x", "https://:@fcm.googleapis.com/x",
        "https://fcm.googleapis.com@127.0.0.1:{port}/x",
        "https://fcm.googleapis.com:443@127.0.0.1:{port}/x",
        "https://127.0.0.1:{port}@fcm.googleapis.com/x", "https://a@fcm.googleapis.com@[::1]:{port}/x",
        "https://127.0.0.1:{port}@@fcm.googleapis.com/x", "https://a:b@fcm.googleapis.com:443/x",
        "https://fcm.googleapis.com;@127.0.0.1:{port}/x",
    ),
    "a backslash": (
        "https://127.0.0.1:{port}\\@fcm.googleapis.com/x",
        "https://fcm.googleapis.com\\@127.0.0.1:{port}/x", "https:\\\\fcm.googleapis.com\\x",
        "https:/\\127.0.0.1:{port}/x", "https://127.0.0.1:{port}\\.fcm.googleapis.com/x",
        "https://127.0.0.1:{port}\\.notify.windows.com/x", "https://fcm.googleapis.com/x\\y",
        "https://fcm.googleapis.com\\/x", "\\\\127.0.0.1:{port}\\x",
    ),
    "white space and control characters": (
        " https://fcm.googleapis.com/x", "https://fcm.googleapis.com/x ",
        "https://fcm.googleapis.com/x\n", "https://fcm.googleapis.com/x\r\nHost: 127.0.0.1",
        "https://fcm.googleapis.com/x HTTP/1.1\r\nX: y", "https://fcm.goo\tgleapis.com/x",
        "https://fcm.googleapis.com\n/x", "https://127.0.0.1:{port}\t.fcm.googleapis.com/x",
        "https://127.0.0.1:{port}\r\n.notify.windows.com/x", "ht\ttps://fcm.googleapis.com/x",
        "https:\n//127.0.0.1:{port}/x", "https:// fcm.googleapis.com/x",
        "https://fcm.googleapis.com /x", "\x00https://fcm.googleapis.com/x",
        "https://127.0.0.1:{port}\x00.fcm.googleapis.com/x", "https://fcm.googleapis.com/x\x00",
        "https://fcm.googleapis.com/x\x0b", "https://fcm.googleapis.com/\x7f",
        "https://fcm.googleapis.com\x1f/x", "\ufeffhttps://fcm.googleapis.com/x",
        "https://fcm.googleapis.com/\u00a0", "https://fcm.googleapis.com/x\u2028",
        "https://fcm.googleapis.com/x\x85",
    ),
    "other alphabets": (
        "https://\uff46cm.googleapis.com/x", "https://\uff46\uff43\uff4d.googleapis.com/x",
        "https://fcm\u3002googleapis\u3002com/x", "https://fcm\uff0egoogleapis.com/x",
        "https://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460:{port}/x",
        "https://\uff11\uff12\uff17.0.0.1:{port}/x", "https://127\u30020\u30020\u30021:{port}/x",
        "https://127.0.0.1:{port}\uff0f.fcm.googleapis.com/x",
        "https://127.0.0.1:{port}\u2044.notify.windows.com/x",
        "https://127.0.0.1:{port}\uff03.notify.windows.com/x",
        "https://127.0.0.1:{port}\uff1f.notify.windows.com/x",
        "https://fcm.googleapis.com\uff20127.0.0.1:{port}/x",
        "https://evil.c\u2100.notify.windows.com/x", "https://fcm.goo\u00adgleapis.com/x",
        "https://fcm.goo\u200bgleapis.com/x", "https://fcm.goo\u200dgleapis.com/x",
        "https://db5.notify.window\u017f.com/x", "https://f\u0441m.googleapis.com/x",
        "https://fcm.google\u0430pis.com/x", "https://xn--fm-nmc.googleapis.com/x",
        "https://xn--fcm.googleapis.com/x", "https://fcm.googleapis.com/\u00e9",
        "https://fcm.googleapis.com:\uff14\uff14\uff13/x", "https://fcm.googleapis.com:\u0664\u0664\u0663/x",
        "http\u017f://fcm.googleapis.com/x", "https://\U0001f4a9.notify.windows.com/x",
        "https://fcm.googleapis.com/\ud800", "https://\ud800.notify.windows.com/x",
    ),
    "a port": tuple(
        f"https://fcm.googleapis.com:{port}/x"
        for port in (
            "0443", "00443", "443x", "8443", "0", "99999", "", "65536", "-1", "+443", " 443", "443 ",
            "443:443", "80", "{port}", "0x1bb", "443%20", "4_4_3", "4.43e2", "443\t", "4294967739",
            "443;80", "443,80", "65979",
        )
    ),
    "nearly a push service": (
        "https://evilfcm.googleapis.com/x", "https://fcm.googleapis.com.evil.example/x",
        "https://sub.fcm.googleapis.com/x", "https://googleapis.com/x", "https://android.googleapis.com/x",
        "https://fcm-googleapis.com/x", "https://fcm.googleapis.co/x", "https://fcm_googleapis.com/x",
        "https://evil.jmt17.google.com/x", "https://jmt17.google.com.evil.example/x",
        "https://notify.windows.com/x", "https://xnotify.windows.com/x", "https://.notify.windows.com/x",
        "https://notify.windows.com.evil.example/x", "https://db5.notify.windows.com.evil.example/x",
        "https://*.notify.windows.com/x", "https://_x.notify.windows.com/x",
        "https://-x.notify.windows.com/x", "https://x-.notify.windows.com/x",
        "https://a..notify.windows.com/x", "https://127.0.0.1:{port}/.notify.windows.com/x",
        "https://127.0.0.1:{port}/x.notify.windows.com", "https://127.0.0.1:{port}?.notify.windows.com/x",
        "https://127.0.0.1:{port}?x=.notify.windows.com", "https://127.0.0.1:{port},x.notify.windows.com/x",
        "https://127.0.0.1:{port};x.notify.windows.com/x", "https://127.0.0.1:{port}&.notify.windows.com/x",
        "https://push.apple.com/x", "https://xpush.apple.com/x", "https://web.push.apple.com.evil.example/x",
        "https://push.services.mozilla.com/x", "https://xpush.services.mozilla.com/x",
        "https://updates.push.services.mozilla.com.evil.example/x", "https://services.mozilla.com/x",
        "https://evil.example/fcm.googleapis.com", "https://evil.example/?https://fcm.googleapis.com/x",
        "https://fcm.googleapis.com,evil.example/x",
    ),
    "percent signs in the host": (
        "https://%66cm.googleapis.com/x", "https://fcm%2egoogleapis.com/x",
        "https://127%2e0%2e0%2e1:{port}/x", "https://%31%32%37.0.0.1:{port}/x",
        "https://fcm.googleapis.com%00.evil.example/x", "https://127.0.0.1:{port}%2f.notify.windows.com/x",
        "https://127.0.0.1%2f.notify.windows.com/x", "https://127.0.0.1%23.notify.windows.com/x",
        "https://127.0.0.1%40fcm.googleapis.com/x", "https://fcm.googleapis.com%20/x",
        "https://fcm.googleapis.com%0d%0a/x", "https://fcm.googleapis.com%2f/x",
        "https://%5b%3a%3a1%5d:{port}/x", "https://fcm.googleapis.com%/x", "https://%6c%6fcalhost:{port}/x",
    ),
    "another scheme": (
        "http://fcm.googleapis.com/x", "http://fcm.googleapis.com:443/x", "ftp://fcm.googleapis.com/x",
        "ftp://127.0.0.1:{port}/x", "file:///etc/passwd", "file://127.0.0.1/etc/passwd",
        "gopher://127.0.0.1:{port}/_x", "dict://127.0.0.1:{port}/x", "ldap://127.0.0.1:{port}/x",
        "telnet://127.0.0.1:{port}/", "tftp://127.0.0.1:{port}/x", "ws://127.0.0.1:{port}/x",
        "wss://fcm.googleapis.com/x", "data:text/plain,x", "javascript:alert(1)",
        "about:blank", "blob:https://fcm.googleapis.com/x", "view-source:https://fcm.googleapis.com/x",
        "mailto:x@fcm.googleapis.com", "//fcm.googleapis.com/x", "//127.0.0.1:{port}/x",
        "fcm.googleapis.com/x", "127.0.0.1:{port}/x", "localhost:{port}/x", "https:fcm.googleapis.com/x",
        "https:/fcm.googleapis.com/x", "https:///fcm.googleapis.com/x", "https:////127.0.0.1:{port}/x",
        "https:/127.0.0.1:{port}/x", "https:127.0.0.1:{port}/x", "httpss://fcm.googleapis.com/x",
        "https ://fcm.googleapis.com/x", "://fcm.googleapis.com/x", ":https://fcm.googleapis.com/x",
        "https://https://fcm.googleapis.com/x", "https;//fcm.googleapis.com/x",
        "url:https://fcm.googleapis.com/x", "<https://fcm.googleapis.com/x>",
        '"https://fcm.googleapis.com/x"', "https%3a//fcm.googleapis.com/x",
        "http+unix://%2ftmp%2fx/", "unix:/tmp/x",
    ),
    "a fragment": (
        "https://fcm.googleapis.com/x#y", "https://fcm.googleapis.com/#",
        "https://fcm.googleapis.com#@127.0.0.1:{port}/", "https://127.0.0.1:{port}#@fcm.googleapis.com/",
        "https://127.0.0.1:{port}/#fcm.googleapis.com", "#https://fcm.googleapis.com/x",
    ),
    "no address": (
        "", " ", "/", "x", "https", "https:", "https://", "https:///", "https:///x", "https://:443/x",
        "https://?x", "https://.", "https://./x", "https://-/x", "https://fcm.googleapis.com",
        "https://fcm.googleapis.com:443", "https://fcm.googleapis.com?x", "https://fcm.googleapis.com?x/y",
        "https://fcm.googleapis.com&x/y", "null", "{}",
    ),
    "signs that no address has": tuple(
        f"https://fcm.googleapis.com/{sign}" for sign in ("a b", '"x"', "<x>", "{x}", "|", "^", "`", "[")
    ),
    "too long": (
        LONGEST + "a",
        "https://fcm.googleapis.com/" + "a" * 10_000,
        "https://" + "a." * 1_100 + "notify.windows.com/x",
        "HTTPS://FCM.GOOGLEAPIS.COM:443/".ljust(2049, "a"),
    ),
}  # fmt: skip
REFUSED_PUBLIC = tuple(f"https://{each}/push/x" for each in PUBLIC_NUMERIC)

NO_TEXTS: tuple[Any, ...] = (
    None, True, False, 0, 2_130_706_433, 1.5, [], ["https://fcm.googleapis.com/x"], {},
    {"href": "https://fcm.googleapis.com/x"}, [["127.0.0.1", 443]],
)  # fmt: skip

# Given, kept, origin. The last ones only where an operator named the origin.
NAMED = (
    "http://127.0.0.1:9099",
    "http://push.example",
    "https://[::1]:8443",
    "https://push.example",
)
ACCEPTED = (
    ("https://fcm.googleapis.com/fcm/send/abc:APA91b-_x", "", "https://fcm.googleapis.com"),
    ("https://fcm.googleapis.com/wp/abc:APA91b-_x", "", "https://fcm.googleapis.com"),
    ("https://jmt17.google.com/fcm/send/abc", "", "https://jmt17.google.com"),
    ("https://updates.push.services.mozilla.com/wpush/v2/gAAAAAB=", "",
     "https://updates.push.services.mozilla.com"),
    ("https://autopush.push.services.mozilla.com/wpush/v1/x", "",
     "https://autopush.push.services.mozilla.com"),
    ("https://web.push.apple.com/QGu-_x", "", "https://web.push.apple.com"),
    ("https://eu.web.push.apple.com/QGu", "", "https://eu.web.push.apple.com"),
    ("https://db5p.notify.windows.com/w/?token=BQYAAAB%2fx%3d", "",
     "https://db5p.notify.windows.com"),
    ("https://wns2-par02p.notify.windows.com/w/?token=BQ&y=1", "",
     "https://wns2-par02p.notify.windows.com"),
    ("https://a.b.c.notify.windows.com/w/", "", "https://a.b.c.notify.windows.com"),
    ("https://2130706433.notify.windows.com/w/", "", "https://2130706433.notify.windows.com"),
    ("https://127.0.0.1.notify.windows.com/w/", "", "https://127.0.0.1.notify.windows.com"),
    ("https://xn--80ak6aa92e.push.apple.com/x", "", "https://xn--80ak6aa92e.push.apple.com"),
    ("https://FCM.GoogleAPIs.com/fcm/send/AbC", "https://fcm.googleapis.com/fcm/send/AbC",
     "https://fcm.googleapis.com"),
    ("HTTPS://fcm.googleapis.com/x", "https://fcm.googleapis.com/x", "https://fcm.googleapis.com"),
    ("hTtPs://WEB.PUSH.APPLE.COM:443/Q?A=B", "https://web.push.apple.com/Q?A=B",
     "https://web.push.apple.com"),
    ("https://fcm.googleapis.com:443/x", "https://fcm.googleapis.com/x",
     "https://fcm.googleapis.com"),
    ("https://DB5P.notify.windows.com:443/w/?token=A:B@c", "https://db5p.notify.windows.com/w/?token=A:B@c",
     "https://db5p.notify.windows.com"),
    ("https://fcm.googleapis.com/", "", "https://fcm.googleapis.com"),
    ("https://fcm.googleapis.com//x//y", "", "https://fcm.googleapis.com"),
    ("https://fcm.googleapis.com/a/../b/./c", "", "https://fcm.googleapis.com"),
    ("https://fcm.googleapis.com/@127.0.0.1/x", "", "https://fcm.googleapis.com"),
    ("https://fcm.googleapis.com/:80/x", "", "https://fcm.googleapis.com"),
    ("https://fcm.googleapis.com/http://127.0.0.1/x", "", "https://fcm.googleapis.com"),
    ("https://fcm.googleapis.com/%2e%2e/%40%5c%00%0d%0a", "", "https://fcm.googleapis.com"),
    ("https://fcm.googleapis.com/x?", "", "https://fcm.googleapis.com"),
    ("https://fcm.googleapis.com/x?a=b?c=/d@e", "", "https://fcm.googleapis.com"),
    ("https://fcm.googleapis.com/!$&'()*+,;=~._-", "", "https://fcm.googleapis.com"),
    (LONGEST, "", "https://fcm.googleapis.com"),
    ("http://127.0.0.1:9099/push/x?y=1", "", "http://127.0.0.1:9099"),
    ("HTTP://127.0.0.1:9099/a/../b", "http://127.0.0.1:9099/a/../b", "http://127.0.0.1:9099"),
    ("http://127.0.0.1:9099/@x:1/%2e%5c?z=@?", "", "http://127.0.0.1:9099"),
    ("http://PUSH.example:80/x", "http://push.example/x", "http://push.example"),
    ("https://push.example:443/x", "https://push.example/x", "https://push.example"),
    ("https://[::1]:8443/push/x", "", "https://[::1]:8443"),
)  # fmt: skip


def at(port: int) -> list[str]:
    """Return the refused texts, those of a kind together, with a canary's port in them."""
    texts = [each for kind in REFUSED_TEXTS.values() for each in kind]
    return [each.replace("{port}", str(port)) for each in [*texts, *REFUSED_PUBLIC]]


# The special-purpose blocks of IANA's two registries, then what else is not for everyone: multicast,
# what is reserved, what was withdrawn, and IPv4 put into IPv6.
SPECIAL = (
    "0.0.0.0/8", "0.0.0.0/32", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24", "192.0.0.0/29", "192.0.0.8/32", "192.0.0.9/32",
    "192.0.0.10/32", "192.0.0.170/32", "192.0.0.171/32", "192.0.2.0/24", "192.31.196.0/24",
    "192.52.193.0/24", "192.88.99.0/24", "192.88.99.2/32", "192.168.0.0/16", "192.175.48.0/24",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "255.255.255.255/32",
    "::1/128", "::/128", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64",
    "100:0:0:1::/64", "2001::/23", "2001::/32", "2001:1::1/128", "2001:1::2/128", "2001:1::3/128",
    "2001:2::/48", "2001:3::/32", "2001:4:112::/48", "2001:10::/28", "2001:20::/28", "2001:30::/28",
    "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7",
    "fe80::/10",
    "224.0.0.0/4", "::/96", "::ffff:0:0:0/96", "::/8", "200::/7", "400::/6", "1000::/4", "4000::/3",
    "8000::/1", "fec0::/10", "ff00::/8",
)  # fmt: skip
NOT_PUBLIC = (
    "127.0.0.1", "127.1.2.3", "10.1.2.3", "169.254.169.254", "169.254.170.2", "100.100.100.200",
    "172.20.1.1", "192.168.1.1", "224.0.0.251", "239.255.255.250", "255.255.255.255", "0.0.0.0",
    "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::8.8.8.8",
    "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:808:808::1", "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "fd00:ec2::254", "fe80::1%lo", "fe80::1%1", "::1%lo", "2606:4700:4700::1111%eth0", "ff02::1",
    "ff0e::1", "fec0::1",
    "", " ", "localhost", "fcm.googleapis.com", "127.1", "0x7f.0.0.1", "0177.0.0.1", "010.8.8.8",
    "2130706433", "134744072", "8.8.8", "8.8.8.8.", " 8.8.8.8", "8.8.8.8 ", "8.8.8.8\n", "8.8.8.8:443",
    "8.8.8.8/32", "8.8.8.256", "\uff18.8.8.8", "[2606:4700:4700::1111]", "2606:4700:4700:::1111",
    "/run/push.socket",
)  # fmt: skip
# Public resolvers, then the last address before and the first after blocks that are not public.
PUBLIC = (
    "8.8.8.8", "8.8.4.4", "1.1.1.1", "9.9.9.9", "208.67.222.222", "142.250.80.10", "17.57.144.1",
    "2606:4700:4700::1111", "2001:4860:4860::8888", "2620:fe::fe", "2a00:1450:4001:80b::200a",
    "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
    "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0",
    "192.0.3.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0",
    "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0",
    "223.255.255.255", "2001:200::", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::",
    "2001:ffff::", "2003::", "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", "2620:4f:8001::",
)  # fmt: skip
