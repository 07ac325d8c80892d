// Seals and opens CMS envelopes with Bouncy Castle, so that tests can hold ours against it.
// It speaks the vocabulary that all peers share (tests/src/peers.rs).
//
// Usage: java Peer seal|open OPTIONS, or `java Peer batch` with one such line per job on standard
// input, answered by one line each: "ok" or "failed: reason".
//
// Exit: 0 done, 1 it failed, 2 it cannot do this at all.

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.MGF1ParameterSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cms.CMSAlgorithm;
import org.bouncycastle.cms.CMSAuthEnvelopedData;
import org.bouncycastle.cms.CMSAuthEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSAuthEnvelopedDataStreamGenerator;
import org.bouncycastle.cms.CMSEnvelopedData;
import org.bouncycastle.cms.CMSEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSEnvelopedDataStreamGenerator;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.KeyAgreeRecipientId;
import org.bouncycastle.cms.KeyAgreeRecipientInformation;
import org.bouncycastle.cms.Recipient;
import org.bouncycastle.cms.RecipientInfoGenerator;
import org.bouncycastle.cms.RecipientInformation;
import org.bouncycastle.cms.RecipientInformationStore;
import org.bouncycastle.cms.jcajce.JceCMSContentEncryptorBuilder;
import org.bouncycastle.cms.jcajce.JceKeyAgreeAuthEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyAgreeEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyAgreeRecipientId;
import org.bouncycastle.cms.jcajce.JceKeyAgreeRecipientInfoGenerator;
import org.bouncycastle.cms.jcajce.JceKeyTransAuthEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransRecipientId;
import org.bouncycastle.cms.jcajce.JceKeyTransRecipientInfoGenerator;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.openssl.jcajce.JceOpenSSLPKCS8DecryptorProviderBuilder;
import org.bouncycastle.operator.OutputAEADEncryptor;
import org.bouncycastle.operator.OutputEncryptor;
import org.bouncycastle.operator.jcajce.JcaAlgorithmParametersConverter;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;

public final class Peer {
    private static final BouncyCastleProvider PROVIDER = new BouncyCastleProvider();

    private static final Map<String, ASN1ObjectIdentifier> CONTENT = Map.of(
            "des", CMSAlgorithm.DES_CBC,
            "3des", CMSAlgorithm.DES_EDE3_CBC,
            "aes128-cbc", CMSAlgorithm.AES128_CBC,
            "aes192-cbc", CMSAlgorithm.AES192_CBC,
            "aes256-cbc", CMSAlgorithm.AES256_CBC,
            "aes128-gcm", CMSAlgorithm.AES128_GCM,
            "aes192-gcm", CMSAlgorithm.AES192_GCM,
            "aes256-gcm", CMSAlgorithm.AES256_GCM);

    private static final Map<String, ASN1ObjectIdentifier> AGREEMENT = Map.of(
            "ecdh-sha1", CMSAlgorithm.ECDH_SHA1KDF,
            "ecdh-sha256", CMSAlgorithm.ECDH_SHA256KDF,
            "ecdh-sha384", CMSAlgorithm.ECDH_SHA384KDF,
            "ecdh-sha512", CMSAlgorithm.ECDH_SHA512KDF,
            "ecdh-cofactor-sha1", CMSAlgorithm.ECCDH_SHA1KDF,
            "ecdh-cofactor-sha256", CMSAlgorithm.ECCDH_SHA256KDF,
            "ecdh-cofactor-sha384", CMSAlgorithm.ECCDH_SHA384KDF,
            "ecdh-cofactor-sha512", CMSAlgorithm.ECCDH_SHA512KDF);

    private static final Map<String, ASN1ObjectIdentifier> WRAP = Map.of(
            "aes128", CMSAlgorithm.AES128_WRAP,
            "aes192", CMSAlgorithm.AES192_WRAP,
            "aes256", CMSAlgorithm.AES256_WRAP);

    private static final Map<String, OAEPParameterSpec> OAEP = Map.of(
            "rsa-oaep-sha1", oaep("SHA-1", "SHA-1"),
            "rsa-oaep-sha256", oaep("SHA-256", "SHA-256"),
            "rsa-oaep-sha256-mgf1-sha1", oaep("SHA-256", "SHA-1"),
            "rsa-oaep-sha384", oaep("SHA-384", "SHA-384"),
            "rsa-oaep-sha512", oaep("SHA-512", "SHA-512"));

    private String format = "enveloped";
    private String keyTransport = "rsa-pkcs1";
    private String content = "aes256-cbc";
    private String wrap = "aes256";
    private boolean ber;
    private boolean ski;
    private Path key;
    private char[] password;
    private final List<X509Certificate> certificates = new ArrayList<>();
    private Path in;
    private Path out;

    private static final class Unsupported extends Exception {
        private static final long serialVersionUID = 1L;

        Unsupported(String reason) {
            super("unsupported: " + reason);
        }
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 1 && arguments[0].equals("batch")) {
            BufferedReader jobs = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = jobs.readLine(); line != null; line = jobs.readLine()) {
                try {
                    run(line.split(" "));
                    System.out.println("ok");
                } catch (Exception failure) {
                    System.out.println("failed: " + failure);
                }
            }
            return;
        }
        try {
            run(arguments);
        } catch (Unsupported refusal) {
            System.err.println(refusal.getMessage());
            System.exit(2);
        } catch (Exception failure) {
            System.err.println(failure);
            System.exit(1);
        }
    }

    private static void run(String[] arguments) throws Exception {
        Peer peer = new Peer();
        for (int at = 1; at < arguments.length; at++) {
            switch (arguments[at]) {
                case "--format": peer.format = arguments[++at]; break;
                case "--key-transport": peer.keyTransport = arguments[++at]; break;
                case "--content": peer.content = arguments[++at]; break;
                case "--wrap": peer.wrap = arguments[++at]; break;
                case "--ber": peer.ber = true; break;
                case "--ski": peer.ski = true; break;
                case "--key": peer.key = Path.of(arguments[++at]); break;
                case "--password-file":
                    peer.password = Files.readString(Path.of(arguments[++at])).strip().toCharArray();
                    break;
                case "--certificate": peer.certificates.add(certificate(arguments[++at])); break;
                case "--in": peer.in = Path.of(arguments[++at]); break;
                case "--out": peer.out = Path.of(arguments[++at]); break;
                default: throw new Unsupported("option " + arguments[at]);
            }
        }
        byte[] input = Files.readAllBytes(peer.in);
        byte[] output;
        switch (arguments[0]) {
            case "seal": output = peer.seal(input); break;
            case "open": output = peer.open(input); break;
            default: throw new Unsupported("command " + arguments[0]);
        }
        Files.write(peer.out, output);
    }

    private byte[] seal(byte[] plaintext) throws Exception {
        ASN1ObjectIdentifier algorithm = CONTENT.get(content);
        if (algorithm == null) {
            throw new Unsupported("content " + content);
        }
        List<RecipientInfoGenerator> recipients = new ArrayList<>();
        for (X509Certificate certificate : certificates) {
            recipients.add(recipient(certificate));
        }
        OutputEncryptor encryptor =
                new JceCMSContentEncryptorBuilder(algorithm).setProvider(PROVIDER).build();
        CMSProcessableByteArray data = new CMSProcessableByteArray(plaintext);
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        if (format.equals("auth")) {
            OutputAEADEncryptor aead = (OutputAEADEncryptor) encryptor;
            if (ber) {
                CMSAuthEnvelopedDataStreamGenerator generator = new CMSAuthEnvelopedDataStreamGenerator();
                recipients.forEach(generator::addRecipientInfoGenerator);
                generator.setBufferSize(CHUNK);
                try (OutputStream sink = generator.open(stream, aead)) {
                    sink.write(plaintext);
                }
                return stream.toByteArray();
            }
            CMSAuthEnvelopedDataGenerator generator = new CMSAuthEnvelopedDataGenerator();
            recipients.forEach(generator::addRecipientInfoGenerator);
            return generator.generate(data, aead).toASN1Structure().getEncoded(ASN1Encoding.DER);
        }
        if (ber) {
            CMSEnvelopedDataStreamGenerator generator = new CMSEnvelopedDataStreamGenerator();
            recipients.forEach(generator::addRecipientInfoGenerator);
            generator.setBEREncodeRecipients(true);
            generator.setBufferSize(CHUNK);
            try (OutputStream sink = generator.open(stream, encryptor)) {
                sink.write(plaintext);
            }
            return stream.toByteArray();
        }
        CMSEnvelopedDataGenerator generator = new CMSEnvelopedDataGenerator();
        recipients.forEach(generator::addRecipientInfoGenerator);
        return generator.generate(data, encryptor).toASN1Structure().getEncoded(ASN1Encoding.DER);
    }

    private RecipientInfoGenerator recipient(X509Certificate certificate) throws Exception {
        byte[] identifier = ski ? subjectKeyIdentifier(certificate) : null;
        if (AGREEMENT.containsKey(keyTransport)) {
            if (!(certificate.getPublicKey() instanceof ECPublicKey)) {
                throw new Unsupported("key agreement with " + certificate.getPublicKey().getAlgorithm());
            }
            KeyPairGenerator ephemeral = KeyPairGenerator.getInstance("EC", PROVIDER);
            ephemeral.initialize(((ECPublicKey) certificate.getPublicKey()).getParams());
            KeyPair pair = ephemeral.generateKeyPair();
            JceKeyAgreeRecipientInfoGenerator generator = new JceKeyAgreeRecipientInfoGenerator(
                    AGREEMENT.get(keyTransport), pair.getPrivate(), pair.getPublic(), WRAP.get(wrap));
            if (identifier == null) {
                generator.addRecipient(certificate);
            } else {
                generator.addRecipient(identifier, certificate.getPublicKey());
            }
            return generator.setProvider(PROVIDER);
        }
        if (OAEP.containsKey(keyTransport)) {
            AlgorithmIdentifier parameters = new JcaAlgorithmParametersConverter().getAlgorithmIdentifier(
                    PKCSObjectIdentifiers.id_RSAES_OAEP, OAEP.get(keyTransport));
            return (identifier == null
                    ? new JceKeyTransRecipientInfoGenerator(certificate, parameters)
                    : new JceKeyTransRecipientInfoGenerator(identifier, parameters, certificate.getPublicKey()))
                    .setProvider(PROVIDER);
        }
        if (!keyTransport.equals("rsa-pkcs1")) {
            throw new Unsupported("key transport " + keyTransport);
        }
        return (identifier == null
                ? new JceKeyTransRecipientInfoGenerator(certificate)
                : new JceKeyTransRecipientInfoGenerator(identifier, certificate.getPublicKey()))
                .setProvider(PROVIDER);
    }

    private byte[] open(byte[] message) throws Exception {
        X509Certificate certificate = certificates.get(0);
        PrivateKey secret = privateKey();
        boolean agree = secret.getAlgorithm().startsWith("EC");
        boolean authenticated = isAuthenticated(message);
        RecipientInformationStore store = authenticated
                ? new CMSAuthEnvelopedData(message).getRecipientInfos()
                : new CMSEnvelopedData(message).getRecipientInfos();
        RecipientInformation found =
                store.get(agree ? new JceKeyAgreeRecipientId(certificate) : new JceKeyTransRecipientId(certificate));
        if (found == null && agree) {
            // Unlike its key transport twin, that id does not match a subject key identifier.
            found = store.get(new KeyAgreeRecipientId(subjectKeyIdentifier(certificate)));
        }
        if (found == null) {
            throw new Exception("no recipient fits the certificate");
        }
        if (found instanceof KeyAgreeRecipientInformation != agree) {
            throw new Exception("recipient is of another kind than the key");
        }
        Recipient recipient;
        if (authenticated) {
            recipient = agree
                    ? new JceKeyAgreeAuthEnvelopedRecipient(secret).setProvider(PROVIDER)
                    : new JceKeyTransAuthEnvelopedRecipient(secret).setProvider(PROVIDER);
        } else {
            recipient = agree
                    ? new JceKeyAgreeEnvelopedRecipient(secret).setProvider(PROVIDER)
                    : new JceKeyTransEnvelopedRecipient(secret).setProvider(PROVIDER);
        }
        return found.getContent(recipient);
    }

    /** Reads the content type alone: ContentInfo, RFC 5652 section 3. */
    private static boolean isAuthenticated(byte[] message) throws Exception {
        return org.bouncycastle.asn1.cms.ContentInfo.getInstance(message).getContentType()
                .equals(org.bouncycastle.asn1.cms.CMSObjectIdentifiers.authEnvelopedData);
    }

    private PrivateKey privateKey() throws Exception {
        if (key.toString().endsWith(".p12")) {
            KeyStore store = KeyStore.getInstance("PKCS12", PROVIDER);
            store.load(new ByteArrayInputStream(Files.readAllBytes(key)), password);
            return (PrivateKey) store.getKey(store.aliases().nextElement(), password);
        }
        try (PEMParser parser = new PEMParser(Files.newBufferedReader(key))) {
            Object read = parser.readObject();
            if (read instanceof PKCS8EncryptedPrivateKeyInfo) {
                read = ((PKCS8EncryptedPrivateKeyInfo) read).decryptPrivateKeyInfo(
                        new JceOpenSSLPKCS8DecryptorProviderBuilder().setProvider(PROVIDER).build(password));
            }
            return new JcaPEMKeyConverter().setProvider(PROVIDER).getPrivateKey((PrivateKeyInfo) read);
        }
    }

    private static X509Certificate certificate(String path) throws Exception {
        return (X509Certificate) CertificateFactory.getInstance("X.509", PROVIDER)
                .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(Path.of(path))));
    }

    private static byte[] subjectKeyIdentifier(X509Certificate certificate) {
        byte[] extension = certificate.getExtensionValue(Extension.subjectKeyIdentifier.getId());
        return ASN1OctetString.getInstance(ASN1OctetString.getInstance(extension).getOctets()).getOctets();
    }

    private static OAEPParameterSpec oaep(String hash, String mgf) {
        return new OAEPParameterSpec(hash, "MGF1", new MGF1ParameterSpec(mgf), PSource.PSpecified.DEFAULT);
    }

    /** Small, so that a recovery key's ciphertext spans several chunks when written as BER. */
    private static final int CHUNK = 24;
}
