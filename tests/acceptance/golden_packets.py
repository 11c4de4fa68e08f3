"""What each vendor's routers have to hear: `GOLDEN[vendor, case]` is the attributes of one reply, in hex octets.

Written from RFC 2865 (5, and 5.26 for vendors), RFC 2868 3.1 (the tag is the first octet of a text), RFC 2869, RFC 6911
and the vendors' numbers, not from what a server answered:

    standard attribute   type, length, value
    vendor's attribute   1a, length, vendor's number at IANA (4 octets), type, length, [tag], value

An integer is 4 octets, text is UTF-8. Behind each stands the value as people read it.
"""

GOLDEN: dict[tuple[str, str], list[str]] = {
    # mikrotik
    ("mikrotik", "plain"): [
        "1a 0f 00003a8c 08 09 31304d2f35304d",  # 10M/50M
    ],
    ("mikrotik", "burst"): [
        # 10M/50M 20M/100M 8M/40M 16/16 5
        "1a 27 00003a8c 08 21 31304d2f35304d2032304d2f3130304d20384d2f34304d2031362f31362035",
    ],
    ("mikrotik", "fast"): [
        "1a 14 00003a8c 08 0e 353030304d2f31303030304d",  # 5000M/10000M
    ],
    ("mikrotik", "profile"): [
        "1a 11 00003a8c 03 0b 676f6c642d646f776e",  # gold-down
    ],
    ("mikrotik", "garden"): [
        "58 08 77616c6c6564",  # walled
        "1a 0e 00003a8c 13 08 756e70616964",  # unpaid
    ],
    ("mikrotik", "pools"): [
        "58 08 686f6d657334",  # homes4
        "64 08 686f6d657336",  # homes6
        "1a 0f 00003a8c 16 09 686f6d65737064",  # homespd
    ],
    # cisco
    ("cisco", "profile"): [
        "1a 24 00000009 01 1e 69703a7375622d716f732d706f6c6963792d696e3d676f6c642d7570",  # ip:sub-qos-policy-in=gold-up
        # ip:sub-qos-policy-out=gold-down
        "1a 27 00000009 01 21 69703a7375622d716f732d706f6c6963792d6f75743d676f6c642d646f776e",
    ],
    ("cisco", "garden"): [
        "1a 1b 00000009 01 15 69703a616464722d706f6f6c3d77616c6c6564",  # ip:addr-pool=walled
    ],
    ("cisco", "pools"): [
        "1a 1b 00000009 01 15 69703a616464722d706f6f6c3d686f6d657334",  # ip:addr-pool=homes4
        "64 08 686f6d657336",  # homes6
        "ab 09 686f6d65737064",  # homespd
    ],
    # huawei
    ("huawei", "plain"): [
        "1a 0c 000007db 02 06 00989680",  # 10000000
        "1a 0c 000007db 03 06 00989680",  # 10000000
        "1a 0c 000007db 05 06 02faf080",  # 50000000
        "1a 0c 000007db 06 06 02faf080",  # 50000000
    ],
    ("huawei", "burst"): [
        "1a 0c 000007db 02 06 00989680",  # 10000000
        "1a 0c 000007db 03 06 01312d00",  # 20000000
        "1a 0c 000007db 05 06 02faf080",  # 50000000
        "1a 0c 000007db 06 06 05f5e100",  # 100000000
    ],
    ("huawei", "profile"): [
        "1a 11 000007db 1f 0b 676f6c642d646f776e",  # gold-down
    ],
    ("huawei", "garden"): [
        "58 08 77616c6c6564",  # walled
        "1a 0e 000007db 8a 08 756e70616964",  # unpaid
        "1a 23 000007db 8c 1d 68747470733a2f2f706f7274616c2e6578616d706c652e6e65742f",  # https://portal.example.net/
    ],
    ("huawei", "pools"): [
        "58 08 686f6d657334",  # homes4
        "64 08 686f6d657336",  # homes6
        "1a 0f 000007db bf 09 686f6d65737064",  # homespd
    ],
    # juniper
    ("juniper", "plain"): [
        "1a 15 0000130a 41 0f 01 7376632835306d2c31306d29",  # svc(50m,10m)
    ],
    ("juniper", "burst"): [
        "1a 15 0000130a 41 0f 01 7376632835306d2c31306d29",  # svc(50m,10m)
    ],
    ("juniper", "fast"): [
        "1a 1a 0000130a 41 14 01 7376632831303030306d2c353030306d29",  # svc(10000m,5000m)
    ],
    ("juniper", "profile"): [
        "1a 12 0000130a 41 0c 01 676f6c642d646f776e",  # gold-down
        "1a 10 0000130a 41 0a 02 676f6c642d7570",  # gold-up
    ],
    ("juniper", "garden"): [
        "58 08 77616c6c6564",  # walled
        "0b 08 756e70616964",  # unpaid
    ],
    ("juniper", "pools"): [
        "58 08 686f6d657334",  # homes4
        "1a 0e 0000130a 9d 08 686f6d657336",  # homes6
        "1a 0f 0000130a a1 09 686f6d65737064",  # homespd
    ],
    # nokia
    ("nokia", "plain"): [
        "1a 17 0000197f 7e 11 693a713a313a7069723d3130303030",  # i:q:1:pir=10000
        "1a 16 0000197f 7e 10 653a723a726174653d3530303030",  # e:r:rate=50000
    ],
    ("nokia", "fast"): [
        "1a 19 0000197f 7e 13 693a713a313a7069723d35303030303030",  # i:q:1:pir=5000000
        "1a 19 0000197f 7e 13 653a723a726174653d3130303030303030",  # e:r:rate=10000000
    ],
    ("nokia", "profile"): [
        "1a 11 0000197f 0d 0b 676f6c642d646f776e",  # gold-down
    ],
    ("nokia", "garden"): [
        "58 08 77616c6c6564",  # walled
        "1a 0e 0000197f 88 08 756e70616964",  # unpaid
    ],
    ("nokia", "pools"): [
        "58 08 686f6d657334",  # homes4
        "1a 0e 0000197f b5 08 686f6d657336",  # homes6
        "1a 0f 0000197f 83 09 686f6d65737064",  # homespd
    ],
    # ericsson
    ("ericsson", "plain"): [
        "1a 0d 00000930 9c 07 3130303030",  # 10000
        "1a 0d 00000930 9d 07 3530303030",  # 50000
    ],
    ("ericsson", "fast"): [
        "1a 0f 00000930 9c 09 35303030303030",  # 5000000
        "1a 10 00000930 9d 0a 3130303030303030",  # 10000000
    ],
    ("ericsson", "profile"): [
        "1a 0f 00000930 57 09 676f6c642d7570",  # gold-up
        "1a 11 00000930 58 0b 676f6c642d646f776e",  # gold-down
    ],
    ("ericsson", "garden"): [
        "58 08 77616c6c6564",  # walled
        "1a 0e 00000930 6b 08 756e70616964",  # unpaid
        "1a 23 00000930 a5 1d 68747470733a2f2f706f7274616c2e6578616d706c652e6e65742f",  # https://portal.example.net/
    ],
    ("ericsson", "pools"): [
        "58 08 686f6d657334",  # homes4
        "64 08 686f6d657336",  # homes6
        "ab 09 686f6d65737064",  # homespd
    ],
    # zte
    ("zte", "plain"): [
        "1a 0c 00000f3e 53 06 0000c350",  # 50000
        "1a 0c 00000f3e 59 06 00002710",  # 10000
    ],
    ("zte", "fast"): [
        "1a 0c 00000f3e 53 06 00989680",  # 10000000
        "1a 0c 00000f3e 59 06 004c4b40",  # 5000000
    ],
    ("zte", "profile"): [
        "1a 11 00000f3e 52 0b 676f6c642d646f776e",  # gold-down
        "1a 0f 00000f3e 5e 09 676f6c642d7570",  # gold-up
    ],
    ("zte", "garden"): [
        "58 08 77616c6c6564",  # walled
        "0b 08 756e70616964",  # unpaid
    ],
    ("zte", "pools"): [
        "58 08 686f6d657334",  # homes4
        "64 08 686f6d657336",  # homes6
        "ab 09 686f6d65737064",  # homespd
    ],
    # wispr
    ("wispr", "plain"): [
        "1a 0c 0000372a 07 06 00989680",  # 10000000
        "1a 0c 0000372a 08 06 02faf080",  # 50000000
    ],
    ("wispr", "fastest"): [
        "1a 0c 0000372a 07 06 00000001",  # 1
        "1a 0c 0000372a 08 06 ffffffff",  # 4294967295
    ],
    ("wispr", "garden"): [
        "58 08 77616c6c6564",  # walled
        "0b 08 756e70616964",  # unpaid
        "1a 23 0000372a 04 1d 68747470733a2f2f706f7274616c2e6578616d706c652e6e65742f",  # https://portal.example.net/
    ],
    ("wispr", "pools"): [
        "58 08 686f6d657334",  # homes4
        "64 08 686f6d657336",  # homes6
        "ab 09 686f6d65737064",  # homespd
    ],
    # ubiquiti
    ("ubiquiti", "plain"): [
        "1a 0c 0000372a 07 06 00989680",  # 10000000
        "1a 0c 0000372a 08 06 02faf080",  # 50000000
    ],
    ("ubiquiti", "garden"): [
        "58 08 77616c6c6564",  # walled
        "0b 08 756e70616964",  # unpaid
    ],
    ("ubiquiti", "pools"): [
        "58 08 686f6d657334",  # homes4
        "64 08 686f6d657336",  # homes6
        "ab 09 686f6d65737064",  # homespd
    ],
    # cambium
    ("cambium", "plain"): [
        "1a 0c 00004531 1a 06 00002710",  # 10000
        "1a 0c 00004531 1b 06 0000c350",  # 50000
    ],
    ("cambium", "fast"): [
        "1a 0c 00004531 1a 06 004c4b40",  # 5000000
        "1a 0c 00004531 1b 06 00989680",  # 10000000
    ],
    ("cambium", "number"): [
        "1a 0c 00004531 1a 06 00000003",  # 3
        "1a 0c 00004531 1b 06 0000000c",  # 12
    ],
    ("cambium", "garden"): [
        "58 08 77616c6c6564",  # walled
        "0b 08 756e70616964",  # unpaid
    ],
    ("cambium", "pools"): [
        "58 08 686f6d657334",  # homes4
        "64 08 686f6d657336",  # homes6
        "ab 09 686f6d65737064",  # homespd
    ],
    # canopy
    ("canopy", "plain"): [
        "1a 0c 000000a1 06 06 00002710",  # 10000
        "1a 0c 000000a1 08 06 0000c350",  # 50000
    ],
    ("canopy", "burst"): [
        "1a 0c 000000a1 06 06 00002710",  # 10000
        "1a 0c 000000a1 07 06 00027100",  # 160000
        "1a 0c 000000a1 08 06 0000c350",  # 50000
        "1a 0c 000000a1 09 06 000c3500",  # 800000
    ],
    ("canopy", "fast"): [
        "1a 0c 000000a1 06 06 004c4b40",  # 5000000
        "1a 0c 000000a1 08 06 00989680",  # 10000000
    ],
    ("canopy", "garden"): [
        "58 08 77616c6c6564",  # walled
        "0b 08 756e70616964",  # unpaid
    ],
    ("canopy", "pools"): [
        "58 08 686f6d657334",  # homes4
        "64 08 686f6d657336",  # homes6
        "ab 09 686f6d65737064",  # homespd
    ],
    # chillispot
    ("chillispot", "plain"): [
        "1a 0c 000038df 04 06 00002710",  # 10000
        "1a 0c 000038df 05 06 0000c350",  # 50000
    ],
    ("chillispot", "fast"): [
        "1a 0c 000038df 04 06 004c4b40",  # 5000000
        "1a 0c 000038df 05 06 00989680",  # 10000000
    ],
    ("chillispot", "garden"): [
        "58 08 77616c6c6564",  # walled
        "0b 08 756e70616964",  # unpaid
    ],
    ("chillispot", "pools"): [
        "58 08 686f6d657334",  # homes4
        "64 08 686f6d657336",  # homes6
        "ab 09 686f6d65737064",  # homespd
    ],
    # accel_ppp
    ("accel_ppp", "plain"): [
        "0b 0d 35303030302f3130303030",  # 50000/10000
    ],
    ("accel_ppp", "fast"): [
        "0b 12 31303030303030302f35303030303030",  # 10000000/5000000
    ],
    ("accel_ppp", "garden"): [
        "58 08 77616c6c6564",  # walled
        "0b 08 756e70616964",  # unpaid
    ],
    ("accel_ppp", "pools"): [
        "58 08 686f6d657334",  # homes4
        "64 08 686f6d657336",  # homes6
        "ab 09 686f6d65737064",  # homespd
    ],
    # rtbrick
    ("rtbrick", "profile"): [
        "1a 11 0000c38a 46 0b 676f6c642d646f776e",  # gold-down
    ],
    ("rtbrick", "garden"): [
        "58 08 77616c6c6564",  # walled
        "0b 08 756e70616964",  # unpaid
        "1a 23 0000c38a 4b 1d 68747470733a2f2f706f7274616c2e6578616d706c652e6e65742f",  # https://portal.example.net/
    ],
    ("rtbrick", "pools"): [
        "58 08 686f6d657334",  # homes4
        "64 08 686f6d657336",  # homes6
        "ab 09 686f6d65737064",  # homespd
    ],
    # generic
    ("generic", "plain"): [],
    ("generic", "profile"): [
        "0b 0b 676f6c642d646f776e",  # gold-down
    ],
    ("generic", "garden"): [
        "58 08 77616c6c6564",  # walled
        "0b 08 756e70616964",  # unpaid
    ],
    ("generic", "pools"): [
        "58 08 686f6d657334",  # homes4
        "64 08 686f6d657336",  # homes6
        "ab 09 686f6d65737064",  # homespd
    ],
}

# name, value, and what of them is on the wire: one of each type that policies.attribute knows, most from a made vendor
TYPES: list[tuple[str, str, str]] = [
    ("Framed-IP-Address", "192.0.2.1", "08 06 c0000201"),
    ("Idle-Timeout", "86400", "1c 06 00015180"),
    ("Service-Type", "framed-user", "06 06 00000002"),
    ("Framed-Interface-Id", "1:2:3:dead", "60 0a 000100020003dead"),
    ("Framed-IPv6-Prefix", "2001:db8:0:ff00::/56", "61 14 0038 20010db80000ff000000000000000000"),
    ("Framed-IPv6-Address", "2001:db8::1", "a8 12 20010db8000000000000000000000001"),
    ("Tunnel-Type:1", "VLAN", "40 06 01 00000d"),
    ("Tunnel-Medium-Type:31", "16777215", "41 06 1f ffffff"),
    ("Tunnel-Private-Group-Id:1", "100", "51 06 01 313030"),
    ("Tunnel-Server-Endpoint", "é", "43 04 c3a9"),
    ("Filter-Id", '"a" %b $c #d', "0b 0e 226122202562202463202364"),
    ("Wire-Byte", "255", "1a 09 00007ed9 01 03 ff"),
    ("Wire-Byte", "On", "1a 09 00007ed9 01 03 01"),
    ("Wire-Short", "65535", "1a 0a 00007ed9 02 04 ffff"),
    ("Wire-Integer", "4294967295", "1a 0c 00007ed9 03 06 ffffffff"),
    ("Wire-Integer", "007", "1a 0c 00007ed9 03 06 00000007"),
    ("Wire-Integer", "802.1Q", "1a 0c 00007ed9 03 06 00000005"),
    ("Wire-Signed", "-2147483648", "1a 0c 00007ed9 04 06 80000000"),
    ("Wire-Integer64", "18446744073709551615", "1a 10 00007ed9 05 0a ffffffffffffffff"),
    ("Wire-Date", "1767225600", "1a 0c 00007ed9 06 06 6955b900"),
    ("Wire-Date", "4294967295", "1a 0c 00007ed9 06 06 ffffffff"),
    ("Wire-IPv4-Prefix", "192.0.2.0/24", "1a 0e 00007ed9 07 08 0018 c0000200"),
    ("Wire-Combo", "192.0.2.1", "1a 0c 00007ed9 08 06 c0000201"),
    ("Wire-Combo", "2001:db8::1", "1a 18 00007ed9 08 12 20010db8000000000000000000000001"),
    ("Wire-Ether", "aa:BB:cc:00:11:22", "1a 0e 00007ed9 09 08 aabbcc001122"),
    ("Wire-Octets", "0xDEADbeef", "1a 0c 00007ed9 0a 06 deadbeef"),
    ("Wire-Key", "0x01020304", "1a 0c 00007ed9 0b 06 01020304"),
    ("Wire-Part", "x", "1a 0b 00007ed9 0c 05 01 03 78"),
    ("Filter-Id", "x" * 253, "0b ff " + "78" * 253),
    ("Mikrotik-Group", "x" * 247, "1a ff 00003a8c 03 f9 " + "78" * 247),
    ("ERX-Service-Activate:1", "x" * 246, "1a ff 0000130a 41 f9 01 " + "78" * 246),
]

DICTIONARY = """\
$INCLUDE /usr/share/freeradius/dictionary
$INCLUDE /usr/share/freeradius/dictionary.motorola

# RtBrick's, which 3.2.1 does not have; numbers from FreeRADIUS v3.2.x, dictionary.rtbrick
VENDOR RtBrick 50058
BEGIN-VENDOR RtBrick
ATTRIBUTE RtBrick-Service-Profile 70 string
ATTRIBUTE RtBrick-HTTP-Redirect-URL 75 string
END-VENDOR RtBrick

# RFC 5612's number for examples
VENDOR Wire-Test 32473
BEGIN-VENDOR Wire-Test
ATTRIBUTE Wire-Byte 1 byte
ATTRIBUTE Wire-Short 2 short
ATTRIBUTE Wire-Integer 3 integer
ATTRIBUTE Wire-Signed 4 signed
ATTRIBUTE Wire-Integer64 5 integer64
ATTRIBUTE Wire-Date 6 date
ATTRIBUTE Wire-IPv4-Prefix 7 ipv4prefix
ATTRIBUTE Wire-Combo 8 combo-ip
ATTRIBUTE Wire-Ether 9 ether
ATTRIBUTE Wire-Octets 10 octets
ATTRIBUTE Wire-Key 11 octets[4]
ATTRIBUTE Wire-Group 12 tlv
ATTRIBUTE Wire-Part 12.1 string
VALUE Wire-Byte On 1
VALUE Wire-Integer 802.1q 5
END-VENDOR Wire-Test
"""
