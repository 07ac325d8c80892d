// Bouncy Castle's side of what is measured.
//
// The protocol of all harnesses (benches/src/main.rs): one argument, the folder of the material; a line
// "<case> <times>" is answered by the nanoseconds that it took, or by "error: <why>".

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.Security;
import java.util.Arrays;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cms.CMSEnvelopedData;
import org.bouncycastle.cms.RecipientInformation;
import org.bouncycastle.cms.jcajce.JceKeyTransEnvelopedRecipient;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;

public final class Peer {
    private static final BouncyCastleProvider PROVIDER = new BouncyCastleProvider();

    private static Path folder;

    private interface Work {
        void once() throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        folder = Path.of(arguments[0]);
        Security.addProvider(PROVIDER);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split(" ");
            String answer;
            try {
                answer = words[0].equals("version")
                        ? "Java " + System.getProperty("java.version") + ", Bouncy Castle " + PROVIDER.getVersionStr()
                        : Long.toString(timed(find(words[0]), Long.parseLong(words[1])));
            } catch (Exception failure) {
                answer = "error: " + words[0] + ": " + failure;
            }
            System.out.println(answer);
            System.out.flush();
        }
    }

    private static long timed(Work work, long times) throws Exception {
        work.once();
        long start = System.nanoTime();
        for (long done = 0; done < times; done++) {
            work.once();
        }
        return System.nanoTime() - start;
    }

    private static Work find(String name) throws Exception {
        byte[] message = read("filevault.der");
        switch (name) {
            case "open":
                byte[] expected = read("key.txt");
                PrivateKey key = privateKey();
                return () -> hold(Arrays.equals(open(message, key), expected));
            case "parse":
                return () -> hold(new CMSEnvelopedData(message).getRecipientInfos().size() == 1);
            default:
                throw new IllegalArgumentException("there is no such case");
        }
    }

    private static byte[] open(byte[] message, PrivateKey key) throws Exception {
        RecipientInformation recipient =
                new CMSEnvelopedData(message).getRecipientInfos().getRecipients().iterator().next();
        return recipient.getContent(new JceKeyTransEnvelopedRecipient(key).setProvider(PROVIDER));
    }

    private static PrivateKey privateKey() throws Exception {
        try (PEMParser parser = new PEMParser(new InputStreamReader(
                new ByteArrayInputStream(read("rsa.key.pem")), StandardCharsets.US_ASCII))) {
            return new JcaPEMKeyConverter().setProvider(PROVIDER).getPrivateKey((PrivateKeyInfo) parser.readObject());
        }
    }

    private static void hold(boolean itDoes) {
        if (!itDoes) {
            throw new IllegalStateException("the result is wrong");
        }
    }

    private static byte[] read(String name) throws Exception {
        return Files.readAllBytes(folder.resolve(name));
    }
}
