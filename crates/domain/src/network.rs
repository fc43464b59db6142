//! What is kept of a client's network address, and how it is counted.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network of fixed width: enough to recognise where a request came from, too little to name a person.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// The network that limits count: an IPv4 address alone, an IPv6 address as its /64, for whoever has one
    /// address of a /64 has all of them. An IPv4 address written as IPv6 counts as IPv4.
    pub fn counted(ip: IpAddr) -> Self {
        Self::of(ip, 32, 64)
    }

    /// The network that logs, audit events and known sign-in networks keep: /24 of IPv4, /48 of IPv6.
    pub fn logged(ip: IpAddr) -> Self {
        Self::of(ip, 24, 48)
    }

    /// Reads the form that `Display` writes. `None` for anything else, also for an address beyond its prefix.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let (address, prefix) = (address.parse().ok()?, prefix.parse().ok()?);
        let network = match address {
            IpAddr::V4(_) if prefix <= 32 => Self::of(address, prefix, 0),
            IpAddr::V6(_) if prefix <= 128 => Self::of(address, 0, prefix),
            _ => return None,
        };
        (network.to_string() == text).then_some(network)
    }

    fn of(ip: IpAddr, v4: u8, v6: u8) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(v4)).unwrap_or(0);
                Self { address: Ipv4Addr::from_bits(ip.to_bits() & mask).into(), prefix: v4 }
            }
            IpAddr::V6(ip) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(v6)).unwrap_or(0);
                Self { address: Ipv6Addr::from_bits(ip.to_bits() & mask).into(), prefix: v6 }
            }
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Network({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(ip: &str) -> String {
        Network::counted(ip.parse().unwrap()).to_string()
    }

    #[test]
    fn one_slash_64_is_one_client() {
        assert_eq!(counted("2001:db8:1:2:aaaa::1"), counted("2001:0DB8:1:2:bbbb::2"));
        assert_ne!(counted("2001:db8:1:2::1"), counted("2001:db8:1:3::1"));
        assert_eq!(counted("::ffff:192.0.2.1"), "192.0.2.1/32");
    }

    #[test]
    fn logs_keep_the_wider_network() {
        assert_eq!(Network::logged("192.0.2.77".parse().unwrap()).to_string(), "192.0.2.0/24");
        assert_eq!(Network::logged("2001:db8:1:2::1".parse().unwrap()).to_string(), "2001:db8:1::/48");
    }

    #[test]
    fn a_network_reads_back_and_an_address_is_none() {
        for text in ["0.0.0.0/0", "192.0.2.0/24", "192.0.2.7/32", "::/0", "2001:db8:1::/48", "2001:db8::7/128"] {
            let network = Network::parse(text).unwrap();
            assert_eq!((network.to_string().as_str(), format!("{network:?}")), (text, format!("Network({text})")));
        }
        for bad in ["192.0.2.7/24", "192.0.2.0", "192.0.2.0/33", "x/24", "", "2001:db8::/129", "2001:db8::1/48"] {
            assert_eq!(Network::parse(bad), None, "{bad}");
        }
    }
}
